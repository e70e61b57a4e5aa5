import type {ConsumerAsset} from './assets.ts'

/** How far a consumer has come, so that one replica's word can be compared with another's. */
export interface Progress {
  /** Every message up to here is acknowledged, or gone. */
  readonly ackFloor: number
  /** Stream sequence of the last delivery. */
  readonly delivered: number
  /** Number of deliveries, redeliveries included. */
  readonly deliveries: number
}

/**
 * Read from the replica's stored state, with three corrections, each for something a leader does without a word to
 * the others, so that they would differ at rest and for good:
 * - a purge, or a limit of the stream, moves the leader's values past what is gone: none counts for less than the
 *   sequence before the first of the node's own copy of the stream;
 * - a purge may move the leader's ack floor past what was ever delivered: it counts up to that only;
 * - before the first delivery the leader's stream sequence runs ahead: it counts from then on.
 */
export function progressOf({members}: ConsumerAsset, node: string): Progress | undefined {
  const {state, streamFirstSeq = 0} = members.find((member) => member.node === node) ?? {}
  if (!state) return undefined
  const {ackFloorStreamSeq, deliveredStreamSeq, deliveredConsumerSeq: deliveries = deliveredStreamSeq} = state
  const gone = Math.max(0, streamFirstSeq - 1)
  const delivered = Math.max(deliveries > 0 ? deliveredStreamSeq : 0, gone)
  return {ackFloor: Math.min(Math.max(ackFloorStreamSeq, gone), delivered), delivered, deliveries}
}

export function isSameProgress(a: Progress, b: Progress): boolean {
  return a.ackFloor === b.ackFloor && a.delivered === b.delivered && a.deliveries === b.deliveries
}

export function inWords({ackFloor, delivered, deliveries}: Progress): string {
  return `ack floor ${ackFloor}, delivered ${delivered} in ${deliveries} deliveries`
}
