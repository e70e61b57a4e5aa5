import {GetCallerIdentityCommand, STSClient} from '@aws-sdk/client-sts'
import type {Identity} from '../ports.ts'
import {required} from './lists.ts'
import type {Session} from './session.ts'

/** AWS Security Token Service. */
export function openIdentity(session: Session): Identity {
  let date: string | undefined
  const reader = session.client('sts', 'repeat', (options) => {
    const client = new STSClient(options)
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        const {headers = {}} = result.response as {readonly headers?: Readonly<Record<string, string>>}
        date = headers.date
        return result
      },
      {step: 'deserialize', priority: 'low', name: 'natsopsDate'},
    )
    return client
  })
  return {
    async caller() {
      const call = {service: 'sts', action: 'GetCallerIdentity', resource: '', iamResource: '*'} as const
      return session.call(call, async () => {
        const {Account, Arn} = await (await reader()).send(new GetCallerIdentityCommand({}))
        const serverTime = Date.parse(date ?? '')
        return {
          account: required(Account, 'Account'),
          arn: required(Arn, 'Arn'),
          serverTime: Number.isNaN(serverTime) ? undefined : serverTime,
        }
      })
    },
  }
}
