import type {ClusterContext} from '../context.ts'
import type {FetchedCredentials} from './credentials.ts'
import {discardCredentials, storeCredentials} from './credentials-file.ts'
import {type ExecOutcome, endedBy, runInForeground, SignalCourier} from './foreground.ts'

/** Other ways to name a user that the tools look at: they would contradict the creds file. */
const CONTRADICTIONS = [
  'NATS_CONTEXT',
  'NATS_USER',
  'NATS_PASSWORD',
  'NATS_TOKEN',
  'NATS_NKEY',
  'NATS_JWT',
  'NATS_SEED',
]

/**
 * Runs a program with a creds file of its own (NATS_CREDS) and the cluster's servers (NATS_URL), without a shell. The
 * program has our standard streams; signals sent to us go on to it. The file is removed when it ends, and if we are
 * killed, by the next run. Rejects only if the file cannot be written.
 */
export async function runWithCredentials(
  ctx: Pick<ClusterContext, 'clock' | 'configuration' | 'settings'>,
  {owner, credentials, servers}: FetchedCredentials,
  [program = '', ...args]: readonly string[],
): Promise<ExecOutcome> {
  const courier = new SignalCourier()
  try {
    const entry = await storeCredentials(ctx, credentials, {cluster: ctx.settings.name, owner, bound: true})
    try {
      if (courier.early) return endedBy(courier.early)
      const {ca, cert, key} = ctx.settings.tls
      const env = ctx.configuration.childEnvironment({
        ...Object.fromEntries(CONTRADICTIONS.map((name) => [name, undefined])),
        NATS_URL: servers.join(','),
        NATS_CREDS: entry.path,
        ...(ca === undefined ? {} : {NATS_CA: ca}),
        ...(cert === undefined ? {} : {NATS_CERT: cert}),
        ...(key === undefined ? {} : {NATS_KEY: key}),
      })
      return await runInForeground(program, args, env, courier)
    } finally {
      await discardCredentials(ctx, entry)
    }
  } finally {
    courier.stop()
  }
}
