import {counted} from '../../domain/quantity.ts'
import {describeHolder, type LockDocument, type LockedRequest} from '../../domain/roll/lock.ts'
import {ADVISED_SETTLE_MS} from '../../domain/roll/plan.ts'
import type {Field} from '../fields.ts'
import {humanDuration, rfc3339, valueFormat} from '../format.ts'
import type {Column} from '../table.ts'

/** The part of a status that is shown, so that output need not know where it comes from. */
export interface StatusView {
  readonly cluster: string
  readonly parameter: string
  readonly lock: LockDocument | null
  readonly heartbeatAgeMs: number | null
  readonly driven: boolean
  readonly local: {readonly state: string; readonly node: string | null; readonly enteredAt: number} | null
  readonly ended: {readonly at: number; readonly message: string} | null
  readonly resumable: 'at-once' | 'take-over' | null
  readonly next: readonly string[]
}

/** Fields of `roll status`; `now` is wall clock, milliseconds since the epoch. */
export function statusFields(status: StatusView, now: number, decorated: boolean): readonly Field[] {
  const {cluster, parameter, lock, local, ended, next} = status
  if (lock === null)
    return [
      ['cluster', cluster],
      ['lock', 'none: no roll is under way'],
      ['next', next],
    ]
  const {time} = valueFormat({decorated}, now)
  const {holder, startedAt, current, remaining, done, request, roll, purpose} = lock
  const isDrain = purpose === 'drain'
  return [
    ['cluster', cluster],
    ['lock', parameter],
    [isDrain ? 'drain' : 'roll', roll],
    ['holder', `${describeHolder(holder)}${lock.handedOver ? ', who left it in good order' : ''}`],
    ['since', `${rfc3339(startedAt)}${decorated ? ` (${time(startedAt)})` : ''}`],
    ['heartbeat', sayHeartbeat(status)],
    ['node', current ? sayCurrent(lock) : 'none in flight'],
    ...(local
      ? [
          [
            'state',
            `${local.node === null ? '' : `${local.node} `}${local.state} ${decorated ? `for ${humanDuration(Math.max(0, now - local.enteredAt))}` : `since ${rfc3339(local.enteredAt)}`}`,
          ] as const,
        ]
      : isDrain
        ? []
        : [['state', 'not known here: the journal is on the machine of the holder'] as const]),
    ...(ended ? [['stands', `${time(ended.at)}: ${ended.message}`.split('\n')] as const] : []),
    ...(isDrain
      ? []
      : [
          ['done', done.length > 0 ? done.join(', ') : 'none'] as const,
          ['remaining', remaining.length > 0 ? remaining.join(', ') : 'none'] as const,
          ['strategy', `${request.strategy}, drain ${request.drain}`] as const,
          ['settle', saySettle(request)] as const,
          ['allowed', sayAllowed(request)] as const,
          ['resume', sayResumable(status)] as const,
        ]),
    ['next', status.driven ? `nothing: ${describeHolder(holder)} drives it; look again with ${next.join(', ')}` : next],
  ]
}

function sayHeartbeat({heartbeatAgeMs, lock}: StatusView): string {
  if (heartbeatAgeMs === null || lock === null) return '-'
  if (lock.handedOver) return `last ${humanDuration(heartbeatAgeMs)} ago, nobody drives now`
  return `${humanDuration(heartbeatAgeMs)} ago by two clocks that may differ`
}

function sayCurrent({current, purpose}: LockDocument): string {
  if (!current) return '-'
  const {identity, intended, stopped} = current
  const who = `${identity.node} (${identity.instanceId})`
  if (purpose === 'drain') return `${who}: ${stopped ? 'stopped, until the drain is undone' : 'not stopped'}`
  if (intended) return `${who}: its termination was begun`
  return `${who}: ${stopped ? 'its server was stopped, its instance lives' : 'nothing irreversible was done to it'}`
}

function saySettle({settleMs}: LockedRequest): string {
  const advice = settleMs < ADVISED_SETTLE_MS ? `, less than the ${ADVISED_SETTLE_MS / 1000} s advised` : ''
  return `${settleMs / 1000} s between two nodes${advice}`
}

/** What the roll was allowed to leave out or to lose, by whoever started it. */
function sayAllowed(request: LockedRequest): readonly string[] {
  const {acceptedLoss, acceptsUnseen, acceptsOldServers, checksBootstrap} = request
  const allowed = [
    ...acceptedLoss.map((name) => `the loss of ${name} (--accept-loss)`),
    ...(acceptsUnseen ? ['to replace a node that cannot say what it holds (--accept-unseen)'] : []),
    ...(acceptsOldServers ? ['servers before 2.12 (--accept-old-servers)'] : []),
    ...(checksBootstrap ? [] : ['no look at the bootstrap log (--skip-bootstrap-check)']),
  ]
  return allowed.length > 0 ? allowed : ['nothing beside the rules']
}

function sayResumable({driven, resumable}: StatusView): string {
  if (driven) return 'not while it is driven'
  return resumable === 'at-once' ? 'from here at once' : 'with --take-over, once its lock is seen to stand still'
}

/** One line of `roll history`, so that output need not know where it comes from. */
export interface HistoryRow {
  readonly roll: string
  readonly startedAt: number
  readonly endedAt: number | null
  readonly result: string
  readonly end: {readonly exit: number; readonly code: string} | null
  readonly replaced: readonly string[]
  readonly left: readonly string[]
}

export function historyColumns(now: number, decorated: boolean): readonly Column<HistoryRow>[] {
  const {time, duration} = valueFormat({decorated}, now)
  return [
    {header: 'ID', value: ({roll}) => roll, whole: true},
    {header: 'STARTED', value: ({startedAt}) => time(startedAt)},
    {header: 'TOOK', value: ({startedAt, endedAt}) => (endedAt === null ? '-' : duration(endedAt - startedAt))},
    {
      header: 'RESULT',
      value: ({result, end}) => (result === 'held' && end ? `held (exit ${end.exit})` : result),
      tone: ({result}) => (result === 'done' ? 'good' : result === 'held' ? 'bad' : 'warning'),
    },
    {header: 'REPLACED', value: ({replaced, left}) => sayNodes(replaced, replaced.length + left.length)},
  ]
}

function sayNodes(replaced: readonly string[], all: number): string {
  return `${replaced.length} of ${counted(all, 'node')}${replaced.length > 0 ? `: ${replaced.join(', ')}` : ''}`
}
