import type {Clock, ParameterStore} from '../../clients/ports.ts'
import {describeHolder, formatLock, type LockDocument, undoDrainCommand} from '../../domain/roll/lock.ts'
import {findStranger, parseLock} from '../../domain/roll/lock-shape.ts'
import type {ClusterSettings} from '../../domain/settings.ts'
import {quoteForShell} from '../../domain/shell.ts'
import {Exit, OpsError} from '../../errors.ts'
import type {RollLock} from './ports.ts'

/** Whose lock it is, and where. */
export type LockPlace = Pick<ClusterSettings, 'name' | 'ssmPrefix'>

/** A lock and the version of its parameter. */
export interface HeldLock {
  readonly document: LockDocument
  readonly version: number
}

export function lockParameter({ssmPrefix}: Pick<LockPlace, 'ssmPrefix'>): string {
  return `${ssmPrefix}/natsops/lock`
}

/**
 * The lock as it stands, or undefined where nobody holds one. Rejects with LOCK_UNREADABLE (exit 3) for a document that
 * is none, is not whole, or is of another cluster.
 */
export async function readLock(store: ParameterStore, place: LockPlace): Promise<HeldLock | undefined> {
  const name = lockParameter(place)
  const parameter = (await store.get([name])).get(name)
  if (parameter === undefined) return undefined
  const read = parseLock(parameter.value, place.name)
  if ('wrong' in read) throw unreadable(place, read.wrong)
  return {document: read.document, version: parameter.version}
}

/** Rejects with LOCK_UNREADABLE a lock that would have something done to a node the cluster does not have. */
export function assertKnownNodes(
  place: LockPlace,
  acted: Pick<LockDocument, 'remaining' | 'current'>,
  nodes: readonly {readonly name: string}[],
): void {
  const wrong = findStranger(acted, nodes)
  if (wrong !== undefined) throw unreadable(place, wrong)
}

const UNREADABLE = 'LOCK_UNREADABLE'
const LOST = 'LOCK_LOST'

function unreadable(place: LockPlace, wrong: string): OpsError {
  const name = lockParameter(place)
  return new OpsError(`the parameter ${name} is not a lock of this version of natsops: ${wrong}`, {
    code: UNREADABLE,
    exit: Exit.refused,
    suggestions: [quoteForShell(['aws', 'ssm', 'get-parameter', '--name', name])],
  })
}

/** Takes the free lock. Rejects with LOCKED (exit 6), holder shown, where there is one. */
export async function acquireLock(
  store: ParameterStore,
  place: LockPlace,
  document: LockDocument,
  clock: Clock,
): Promise<RollLock> {
  try {
    const version = await store.put(lockParameter(place), formatLock(document), {secure: false, overwrite: false})
    return holdLock(store, place, document, version, clock)
  } catch (error) {
    if (!(error instanceof OpsError) || error.code !== 'PARAMETER_EXISTS') throw error
    const held = await readLock(store, place)
    // The answer to our own creation was lost, and the SDK asked again.
    if (held && isSameWrite(held.document, document)) return holdLock(store, place, document, held.version, clock)
    throw held ? lockedBy(place, held.document) : error
  }
}

/** Takes over a lock whose version was read: the overwrite must produce exactly the next one. */
export async function assumeLock(
  store: ParameterStore,
  place: LockPlace,
  document: LockDocument,
  version: number,
  clock: Clock,
): Promise<RollLock> {
  const lock = holdLock(store, place, document, version, clock)
  await lock.renew(document)
  return lock
}

/**
 * True when nobody wrote the lock since it was read, nor for `windowMs` from now: judged by its version alone, whatever
 * the clocks of two laptops say.
 */
export async function isStale(
  store: ParameterStore,
  place: LockPlace,
  {document, version}: HeldLock,
  windowMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const until = clock.monotonic() + windowMs
  while (clock.monotonic() < until) {
    await clock.sleep(Math.min(5000, windowMs), signal)
    const now = await readLock(store, place)
    if (now?.version !== version || now.document.roll !== document.roll) return false
  }
  return true
}

/** Of a lock whose holder may be alive it offers the status alone, which says when there is something to take over. */
export function lockedBy(place: LockPlace, document: LockDocument): OpsError {
  const {holder, roll, current, handedOver} = document
  const {name: cluster} = place
  if (document.purpose === 'drain') return drainedBy(place, document)
  const doing = current ? `replacing ${current.identity.node}` : 'between two nodes'
  const driver = handedOver ? `left unfinished by ${describeHolder(holder)}` : `held by ${describeHolder(holder)}`
  return new OpsError(`${cluster} is locked by roll ${roll}, ${driver}, ${doing} (${lockParameter(place)})`, {
    code: 'LOCKED',
    exit: Exit.locked,
    suggestions: [
      quoteForShell(['natsops', 'roll', 'status', '--cluster', cluster]),
      ...(handedOver ? [quoteForShell(['natsops', 'roll', 'resume', '--cluster', cluster])] : []),
    ],
  })
}

/** A drained node keeps everybody else away until it is back: losing another one would cost the majority. */
function drainedBy(place: LockPlace, {holder, current, handedOver}: LockDocument): OpsError {
  const {name: cluster} = place
  const node = current?.identity.node
  const who = `${node ?? 'a node'} is drained by ${describeHolder(holder)}`
  return new OpsError(`${cluster} is locked: ${who} (${lockParameter(place)})`, {
    code: 'LOCKED',
    exit: Exit.locked,
    suggestions: [
      quoteForShell(['natsops', 'roll', 'status', '--cluster', cluster]),
      ...(node === undefined || !handedOver ? [] : [undoDrainCommand(cluster, node)]),
    ],
  })
}

/** Somebody else wrote the lock, or it is gone: whatever this process did next could cross what they do. */
export function isLockLost(error: unknown): error is OpsError {
  return error instanceof OpsError && error.code === LOST
}

function holdLock(
  store: ParameterStore,
  place: LockPlace,
  initial: LockDocument,
  initialVersion: number,
  clock: Clock,
): RollLock {
  const name = lockParameter(place)
  let document = initial
  let version = initialVersion
  let renewed = clock.monotonic()
  /** A write whose answer never came: it may or may not have happened. */
  let doubtful: LockDocument | undefined
  let queue: Promise<unknown> = Promise.resolve()

  const lost = (found: string): OpsError =>
    new OpsError(
      `the lock ${name} was written by somebody else (${found}): this roll stops here and changes nothing more`,
      {
        code: LOST,
        exit: Exit.locked,
        suggestions: [quoteForShell(['natsops', 'roll', 'status', '--cluster', place.name])],
      },
    )

  /** What is no lock any more was written by somebody else too. */
  const read = async (): Promise<HeldLock | undefined> => {
    try {
      return await readLock(store, place)
    } catch (error) {
      throw error instanceof OpsError && error.code === UNREADABLE ? lost(error.message) : error
    }
  }

  /** Versions begin again when a parameter is deleted and created: the same number may be another roll's. */
  const assertSameRoll = ({roll}: LockDocument): void => {
    if (roll !== document.roll) throw lost(`by roll ${roll}`)
  }

  const write = async (wanted: LockDocument): Promise<void> => {
    const next = {...wanted, beat: document.beat + (doubtful ? 2 : 1)}
    const found = await read()
    if (found === undefined) throw lost('it is gone')
    assertSameRoll(found.document)
    if (found.version !== version) {
      if (!doubtful || found.version !== version + 1 || !isSameWrite(found.document, doubtful))
        throw lost(`version ${found.version} in place of ${version}`)
      version = found.version
    }
    doubtful = next
    const began = clock.monotonic()
    const written = await store.put(name, formatLock(next), {secure: false, overwrite: true})
    doubtful = undefined
    if (written !== version + 1) throw lost(`version ${written} in place of ${version + 1}`)
    version = written
    document = next
    renewed = began
  }

  return {
    get document() {
      return document
    },
    renewedAt: () => renewed,
    async renew(wanted) {
      const turn = queue.then(() => write(wanted))
      queue = turn.catch(() => {})
      await turn
    },
    async release() {
      await queue
      const found = await read()
      if (found === undefined) return
      assertSameRoll(found.document)
      if (found.version !== version && !(doubtful && isSameWrite(found.document, doubtful)))
        throw lost(`version ${found.version} in place of ${version}`)
      await store.delete(name)
    },
  }
}

/** The very write this process made: same roll, same holder, same count. */
function isSameWrite(a: LockDocument, b: LockDocument): boolean {
  return (
    a.roll === b.roll &&
    a.beat === b.beat &&
    a.holder.host === b.holder.host &&
    a.holder.pid === b.holder.pid &&
    a.startedAt === b.startedAt
  )
}
