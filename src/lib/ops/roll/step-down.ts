import {known} from '../../domain/answer.ts'
import type {ClusterObservation} from '../../domain/observation.ts'
import {compareVersions} from '../../domain/roll/plan.ts'
import {Exit, messageOf, OpsError} from '../../errors.ts'
import {askJetStream} from './jetstream-api.ts'
import type {NatsLink} from './nats-link.ts'
import type {LedGroup, StepDown} from './ports.ts'

/** 2.10 answers a quarter of a second after it stepped down, and not at all where it was not the leader any more. */
const STEP_DOWN_LIMIT_MS = 5000

/** A successor can be named from this version on; measured on 2.10.27: 400 bad request. */
const NAMES_SUCCESSOR = '2.11.0'

export interface StepDownLinks {
  readonly admin: NatsLink
  readonly system: NatsLink
}

/** Asks one group's leader to step down, in favour of `preferred` where every server understands that. */
export async function stepDown(
  {admin, system}: StepDownLinks,
  observation: ClusterObservation | undefined,
  group: LedGroup,
  preferred: string | undefined,
): Promise<StepDown> {
  const isMeta = group.stream === undefined
  try {
    const foreign = isMeta ? undefined : whyOutOfReach(observation, group, await admin.account())
    if (foreign !== undefined) return {kind: 'out-of-reach', why: foreign}
    const payload =
      preferred !== undefined && canNameSuccessor(observation) ? JSON.stringify({placement: {preferred}}) : ''
    const answer = await askJetStream(isMeta ? system : admin, subjectOf(group), payload, STEP_DOWN_LIMIT_MS)
    if (answer.ok) return {kind: 'asked'}
    return {kind: 'refused', why: `JetStream says ${answer.refusal.description}`}
  } catch (error) {
    if (!(error instanceof OpsError)) throw error
    const isForbidden = error.exit === Exit.auth || error.code === 'PARAMETER_NOT_FOUND'
    if (!isForbidden) return {kind: 'refused', why: messageOf(error)}
    const needed = isMeta ? "moving the meta leader takes the system account's credentials" : 'not allowed'
    return {kind: 'out-of-reach', why: `${needed}: ${messageOf(error)}`}
  }
}

/** Names of streams and consumers have no dots, blanks and wildcards: JetStream refuses to create such. */
function subjectOf({stream, consumer}: LedGroup): string {
  if (stream === undefined) return '$JS.API.META.LEADER.STEPDOWN'
  return consumer === undefined
    ? `$JS.API.STREAM.LEADER.STEPDOWN.${stream}`
    : `$JS.API.CONSUMER.LEADER.STEPDOWN.${stream}.${consumer}`
}

/** The account's key is what counts: two accounts may bear one name. */
function whyOutOfReach(
  observation: ClusterObservation | undefined,
  {account, accountId}: LedGroup,
  own: string,
): string | undefined {
  if ((accountId ?? account) === own) return undefined
  const streams = (observation?.nodes ?? []).flatMap(({jetStream}) => known(jetStream)?.streams ?? [])
  const mine = streams.find(({accountId}) => accountId === own)?.account ?? own
  return `the admin's credentials are of account ${mine}, this belongs to ${account ?? 'no known account'}`
}

function canNameSuccessor(observation: ClusterObservation | undefined): boolean {
  const versions = (observation?.nodes ?? []).flatMap(({server}) => (server.ok ? server.value.version : []))
  return versions.length > 0 && versions.every((version) => compareVersions(version, NAMES_SUCCESSOR) >= 0)
}
