import {SSMClient, StartSessionCommand, TerminateSessionCommand} from '@aws-sdk/client-ssm'
import type {ClusterSettings} from '../../domain/settings.ts'
import type {Sessions} from '../ports.ts'
import type {AwsCall} from './errors.ts'
import {required} from './lists.ts'
import type {Session} from './session.ts'

/** SSM Session Manager. What the plugin is given is what the AWS CLI gives it. */
export function openSessions(session: Session, {endpoints}: Pick<ClusterSettings, 'endpoints'>): Sessions {
  const client = session.client('ssm', 'once', (options) => new SSMClient(options))
  return {
    async start(instanceId, forward) {
      const request = {
        Target: instanceId,
        ...(forward && {
          DocumentName: 'AWS-StartPortForwardingSession',
          Parameters: {portNumber: [String(forward.remote)], localPortNumber: [String(forward.local)]},
        }),
      }
      const region = await session.region()
      return session.call(callOf('StartSession', instanceId, `instance/${instanceId}`), async () => {
        const answer = await (await client()).send(new StartSessionCommand(request))
        const sessionId = required(answer.SessionId, 'SessionId')
        const TokenValue = required(answer.TokenValue, 'TokenValue')
        const StreamUrl = required(answer.StreamUrl, 'StreamUrl')
        return {
          sessionId,
          response: JSON.stringify({SessionId: sessionId, TokenValue, StreamUrl}),
          request: JSON.stringify(request),
          region,
          endpoint: endpoints.ssm ?? endpoints.all ?? conventionalEndpoint(region),
        }
      })
    },
    async terminate(sessionId) {
      const command = new TerminateSessionCommand({SessionId: sessionId})
      const call = callOf('TerminateSession', sessionId, `session/${sessionId}`)
      await session.call(call, async () => (await client()).send(command))
    },
  }
}

function conventionalEndpoint(region: string): string {
  return `https://ssm.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}

function callOf(action: string, resource: string, iamResource: string): AwsCall {
  return {service: 'ssm', action, resource, iamResource}
}
