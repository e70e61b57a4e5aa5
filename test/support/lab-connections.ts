import {type ConnectionOptions, connect, jwtAuthenticator, type NatsConnection} from 'nats'
import type {CredentialOwner} from '../../src/lib/domain/credentials.ts'
import {fetchCredentials} from '../../src/lib/ops/credentials.ts'
import type {TestLab} from './lab.ts'

/** With the credentials and to the servers that the lab's parameter store has for this owner. To be closed. */
export async function connectAs(
  lab: TestLab,
  owner: CredentialOwner,
  options: ConnectionOptions = {},
): Promise<NatsConnection> {
  const {credentials, servers} = await fetchCredentials(await lab.cluster(), owner)
  const authenticator = jwtAuthenticator(credentials.jwt, new TextEncoder().encode(credentials.seed))
  return connect({servers: [...servers], authenticator, ...options})
}
