/**
 * The rolling replacement, in prose. Everything else in this folder, and ops/roll, follows it.
 *
 * Replacing a node means: its EC2 instance is terminated, its Auto Scaling group launches another one, which comes up
 * with the same server name and an EMPTY JetStream store, and the other replicas feed it again. Until they have, one
 * more loss can destroy acknowledged messages for good, while every leader says `current` and every /healthz says 200
 * (docs/roll-safety.md has the measurements). So the roll believes neither. It believes what each node says of its own store.
 *
 *   PREFLIGHT  look at everything once; whatever would stop a node later refuses the roll now, nothing changed
 *   PLAN       the order, what is at stake on each node; --dry-run ends here; the operator agrees
 *   LOCK       one SSM parameter, created only if absent: one roll a cluster, whoever starts it from wherever
 *   for each node, chosen again each time from what is seen then:
 *     SELECT     broken or outdated first, then followers, the ones with more data later, the meta leader last
 *     GATE       wait until the invariants hold: losing this node now would cost nothing
 *     DRAIN      move its leaders to a peer that is known to hold the data
 *     STOP       let the server leave in good order, and see that it is gone from every route
 *     INTENT     write down what is about to happen, renew the lock, look at the invariants again
 *     TERMINATE  that very instance id, and no other, whatever happens
 *     GONE       EC2 says terminated, no route knows the old server id
 *     LAUNCH     the group has a new instance in service
 *     JOIN       the same name, another server id, the expected version, the name resolves to the new address
 *     BOOTSTRAP  the new instance says in its bootstrap log that it reports its logs
 *     SYNC       its store holds, in every group, what the leader held when we looked before
 *     VERIFY     all invariants again; every replica of every group agrees; nothing is below the baseline of GATE
 *     SOAK       all of that true without a break for --settle; a break starts the clock again
 *   DONE       report, remove the canary stream, release the lock
 *
 * Three rules hold throughout.
 * - The world is observed anew in every turn of every loop; the journal and the lock hold only intent and identity.
 * - Unknown means no. A node that is silent, an answer that is cut short, a credential that has expired is not health.
 * - Before TERMINATE everything can be undone, and a hold undoes it (the stopped server is started again). After it
 *   there is only forward, with the same node first, also for whoever resumes from another laptop.
 *
 * A hold is an ordinary end, not a failure: it says which invariant does not hold, with values, and what would make it
 * true. Nothing is ever forced because patience ran out.
 */
export const states = [
  'PREFLIGHT',
  'PLAN',
  'LOCK',
  'SELECT',
  'GATE',
  'DRAIN',
  'STOP',
  'INTENT',
  'TERMINATE',
  'GONE',
  'LAUNCH',
  'JOIN',
  'BOOTSTRAP',
  'SYNC',
  'VERIFY',
  'SOAK',
  'DONE',
] as const
export type State = (typeof states)[number]

/** How long each wait may take before the roll holds, milliseconds. SYNC has no total: only no progress for this long. */
export interface Limits {
  readonly preflight: number
  readonly gate: number
  readonly drain: number
  readonly stop: number
  /** Short: while the target is stopped, one more failure costs the quorum, so a doubt starts it again. */
  readonly intent: number
  readonly terminate: number
  readonly gone: number
  readonly launch: number
  readonly join: number
  readonly bootstrap: number
  readonly syncStall: number
  readonly verify: number
  readonly soak: number
  /** The rest of the cluster broken, or nothing known of it, while one node is being replaced. */
  readonly siblings: number
}

const MINUTE = 60_000

export const defaultLimits: Limits = {
  preflight: MINUTE,
  gate: 10 * MINUTE,
  drain: 3 * MINUTE,
  stop: 5 * MINUTE,
  intent: MINUTE / 2,
  terminate: 5 * MINUTE,
  gone: 10 * MINUTE,
  launch: 15 * MINUTE,
  join: 5 * MINUTE,
  bootstrap: 5 * MINUTE,
  syncStall: 5 * MINUTE,
  verify: 10 * MINUTE,
  soak: 30 * MINUTE,
  siblings: MINUTE,
}

/** Rhythm of the loops, milliseconds. */
export interface Rhythm {
  /** Between two observations of a wait. */
  readonly poll: number
  /** The two observations behind one judgement of replicas are at least this far apart. */
  readonly sampleGap: number
  /** Between two renewals of the lock; a lock unchanged for three of them is stale. */
  readonly heartbeat: number
  /** A renewal older than this does not cover an irreversible call. */
  readonly freshLock: number
  /** A look that began longer ago than this does not cover one either, however long its answers took. */
  readonly freshLook: number
  /** A turn of a loop that took longer than this means the laptop slept: nothing seen before counts. */
  readonly sleepGap: number
}

export const defaultRhythm: Rhythm = {
  poll: 1000,
  sampleGap: 2000,
  heartbeat: 15_000,
  freshLock: 5000,
  freshLook: 20_000,
  sleepGap: 60_000,
}
