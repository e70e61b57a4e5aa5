import {setTimeout as delay} from 'node:timers/promises'
import type {ClusterContext, Context} from '../../context.ts'
import {type DoctorReport, type Outcome, reportOf} from '../../domain/doctor.ts'
import {configuredNodes} from '../../domain/settings.ts'
import type {OpsError} from '../../errors.ts'
import {orInterrupted} from '../interruption.ts'
import {awsChecks} from './aws.ts'
import {type Check, outcomeOf, runChecks, shared} from './check.ts'
import {machineChecks} from './machine.ts'
import {networkChecks} from './network.ts'

/** The cluster that is meant, or why there is none. */
export type Subject = {readonly cluster: ClusterContext} | {readonly local: Context; readonly problem: OpsError}

export interface Diagnosis {
  readonly report: DoctorReport
  /** Some check was cut off, and what it opened may keep the process. */
  readonly isCut: boolean
}

/**
 * Looks at everything natsops depends on, all at once, in at most `limitMs`. What fails is a finding; rejects with the
 * signal's reason and nothing else. Changes nothing.
 */
export async function diagnose(subject: Subject, limitMs: number): Promise<Diagnosis> {
  const ctx = 'cluster' in subject ? subject.cluster : subject.local
  const checks: readonly Check[] = [
    {name: 'configuration', look: async () => describeSubject(subject)},
    ...machineChecks(ctx, limitMs),
    ...('cluster' in subject ? clusterChecks(subject.cluster, limitMs) : []),
  ]
  const {findings, isCut} = await orInterrupted(ctx.signal, runChecks(checks, limitMs))
  const name = 'cluster' in subject ? subject.cluster.settings.name : null
  return {report: reportOf(name, findings, ctx.clock.now()), isCut}
}

function clusterChecks(ctx: ClusterContext, limitMs: number): readonly Check[] {
  // By configuration or convention: AWS, which knows better, may be just what does not answer.
  const nodes = configuredNodes(ctx.settings)
  const network = networkChecks(ctx, nodes, limitMs).map(({name, look}) => ({name, look: shared(look)}))
  // Loading the AWS SDK keeps the process busy, and a latency that is measured meanwhile is the SDK's.
  const calm = shared(() =>
    Promise.race([Promise.allSettled(network.map(({look}) => look())), delay(HEAD_START_MS, undefined, {ref: false})]),
  )
  const aws: ClusterContext['aws'] = async () => {
    await calm()
    return ctx.aws()
  }
  return [...network, ...awsChecks({...ctx, aws}, nodes, limitMs)]
}

const HEAD_START_MS = 300

function describeSubject(subject: Subject): Outcome {
  if ('problem' in subject) {
    const outcome = outcomeOf(subject.problem)
    // Nothing is wrong on a machine where nobody has said which cluster is meant.
    return /^no cluster is named/.test(outcome.message) ? {...outcome, status: 'warning'} : outcome
  }
  const {settings, sources} = subject.cluster.cluster
  const source = sources.get('name')
  return {status: 'ok', message: `cluster ${settings.name}${source ? ` by ${source.detail || source.layer}` : ''}`}
}
