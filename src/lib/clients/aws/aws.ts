import type {ClusterSettings} from '../../domain/settings.ts'
import type {Aws} from '../ports.ts'
import {openSession} from './session.ts'

/**
 * AWS as one cluster needs it. Nothing is read and no client is loaded before the first call of each service; all of
 * them share one region and one set of credentials. `timeoutMs` limits each request, not all attempts together.
 */
export function openAws(settings: ClusterSettings, options: {readonly timeoutMs: number}): Aws {
  const session = openSession(settings, options)
  return {
    parameters: once(() => import('./ssm.ts').then((m) => m.openParameterStore(session))),
    autoScaling: once(() => import('./auto-scaling.ts').then((m) => m.openAutoScaling(session))),
    ec2: once(() => import('./ec2.ts').then((m) => m.openEc2(session))),
    identity: once(() => import('./sts.ts').then((m) => m.openIdentity(session))),
    runCommand: once(() => import('./run-command.ts').then((m) => m.openRunCommand(session))),
    sessions: once(() => import('./sessions.ts').then((m) => m.openSessions(session, settings))),
    logs: once(() => import('./logs.ts').then((m) => m.openLogs(session))),
    region: session.region,
    credentialsExpireAt: session.credentialsExpireAt,
  }
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined
  return () => (value ??= open())
}
