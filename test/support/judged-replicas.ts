import type {StreamAsset, StreamMember} from '../../src/lib/domain/assets.ts'
import type {RaftNode, StreamState} from '../../src/lib/domain/observation.ts'
import {judgeAsset} from '../../src/lib/domain/replication.ts'
import {peer} from './observations.ts'

export type Extent = readonly [messages: number, firstSeq: number, lastSeq: number]
export interface Copy {
  readonly holds?: Extent
  readonly presence?: StreamMember['presence']
  readonly view?: StreamMember['leaderView'] | 'none'
  readonly catchingUp?: boolean
}

/** A stream with the copies given, led by n1 and in motion unless said otherwise. */
export function stream(
  copies: Readonly<Record<string, Copy | Extent>>,
  changes: Partial<StreamAsset> = {},
): StreamAsset {
  return {
    kind: 'stream',
    account: 'APP',
    stream: 'orders',
    replicas: Object.keys(copies).length,
    storage: 'file',
    group: 'S-R3F-1',
    leader: 'n1',
    claimedLeaders: ['n1'],
    createdAt: undefined,
    config: {
      subjects: ['orders'],
      retention: 'limits',
      storage: 'file',
      replicas: 3,
      maxBytes: -1,
      maxMsgs: -1,
      isMirror: false,
      hasSources: false,
    },
    members: Object.entries(copies).map(([node, given]): StreamMember => {
      const copy: Copy = isExtent(given) ? {holds: given} : given
      const {holds, presence = holds ? 'holds' : 'silent', view, catchingUp} = copy
      return {
        node,
        presence,
        leaderView: node === 'n1' || view === 'none' ? undefined : (view ?? peer(node)),
        raft: catchingUp === undefined ? undefined : ({catchingUp} as RaftNode),
        state: holds && state(holds),
      }
    }),
    ...changes,
  }
}

function isExtent(value: Copy | Extent): value is Extent {
  return Array.isArray(value)
}

function state([messages, firstSeq, lastSeq]: Extent): StreamState {
  return {messages, firstSeq, lastSeq, bytes: messages, consumerCount: 0, numDeleted: 0}
}

export const config = (changes: Partial<StreamAsset['config']>): Partial<StreamAsset> => ({
  config: {...stream({}).config, ...changes},
})

/** `node verdict behindBy: reason` of every member. */
export function verdicts(...[earlier, later]: Parameters<typeof judgeAsset>): readonly string[] {
  return judgeAsset(earlier, later).map(
    ({node, verdict, behindBy, reason}) => `${node} ${verdict} ${behindBy}: ${reason}`,
  )
}

/** The verdict on n2 only, with its reason. */
export function onSecond(...[earlier, later]: Parameters<typeof judgeAsset>): string {
  return verdicts(earlier, later)[1] ?? 'none'
}
