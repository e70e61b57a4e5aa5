import type {Clock, ParameterStore} from '../../clients/ports.ts'
import {describeHolder, formatLock, type LockDocument, parseLock} from '../../domain/roll/lock.ts'
import {Exit, OpsError} from '../../errors.ts'
import type {RollLock} from './ports.ts'

export function lockParameter({ssmPrefix}: {readonly ssmPrefix: string}): string {
  return `${ssmPrefix}/natsops/lock`
}

/** The lock as it stands, or undefined where nobody holds one. Rejects with LOCK_UNREADABLE for a foreign document. */
export async function readLock(
  store: ParameterStore,
  name: string,
): Promise<{readonly document: LockDocument; readonly version: number} | undefined> {
  const parameter = (await store.get([name])).get(name)
  if (parameter === undefined) return undefined
  const document = parseLock(parameter.value)
  if (document === undefined) {
    throw new OpsError(`the parameter ${name} is not a lock of this version of natsops`, {
      code: 'LOCK_UNREADABLE',
      exit: Exit.refused,
      suggestions: [`aws ssm get-parameter --name ${name}`],
    })
  }
  return {document, version: parameter.version}
}

/** Takes the free lock. Rejects with LOCKED (exit 6), holder shown, where there is one. */
export async function acquireLock(
  store: ParameterStore,
  name: string,
  document: LockDocument,
  clock: Clock,
): Promise<RollLock> {
  try {
    const version = await store.put(name, formatLock(document), {secure: false, overwrite: false})
    return holdLock(store, name, document, version, clock)
  } catch (error) {
    if (!(error instanceof OpsError) || error.code !== 'PARAMETER_EXISTS') throw error
    const held = await readLock(store, name)
    // The answer to our own creation was lost, and the SDK asked again.
    if (held && isSameWrite(held.document, document)) return holdLock(store, name, document, held.version, clock)
    throw held ? lockedBy(name, held.document) : error
  }
}

/** Takes over a lock whose version was read: the overwrite must produce exactly the next one. */
export async function assumeLock(
  store: ParameterStore,
  name: string,
  document: LockDocument,
  version: number,
  clock: Clock,
): Promise<RollLock> {
  const lock = holdLock(store, name, document, version, clock)
  await lock.renew(document)
  return lock
}

/** True when nobody wrote the lock for `windowMs`: judged by its version alone, whatever the clocks of two laptops say. */
export async function isStale(
  store: ParameterStore,
  name: string,
  windowMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const first = await readLock(store, name)
  const until = clock.monotonic() + windowMs
  while (clock.monotonic() < until) {
    await clock.sleep(Math.min(5000, windowMs), signal)
    const now = await readLock(store, name)
    if (now?.version !== first?.version || now?.document.roll !== first?.document.roll) return false
  }
  return true
}

export function lockedBy(name: string, document: LockDocument): OpsError {
  const {cluster, holder, roll, current, handedOver} = document
  if (document.purpose === 'drain') return drainedBy(name, document)
  const doing = current ? `replacing ${current.identity.node}` : 'between two nodes'
  const driver = handedOver ? `left unfinished by ${describeHolder(holder)}` : `held by ${describeHolder(holder)}`
  return new OpsError(`${cluster} is locked by roll ${roll}, ${driver}, ${doing} (${name})`, {
    code: 'LOCKED',
    exit: Exit.locked,
    suggestions: [
      `natsops roll status --cluster ${cluster}`,
      `natsops roll resume --cluster ${cluster}${handedOver ? '' : ' --take-over'}`,
    ],
  })
}

/** A drained node keeps everybody else away until it is back: losing another one would cost the majority. */
function drainedBy(name: string, {cluster, holder, current}: LockDocument): OpsError {
  const node = current?.identity.node ?? 'a node'
  return new OpsError(`${cluster} is locked: ${node} is drained by ${describeHolder(holder)} (${name})`, {
    code: 'LOCKED',
    exit: Exit.locked,
    suggestions: [
      `natsops roll status --cluster ${cluster}`,
      ...(current ? [`natsops node drain ${node} --undo --cluster ${cluster}`] : []),
    ],
  })
}

function holdLock(
  store: ParameterStore,
  name: string,
  initial: LockDocument,
  initialVersion: number,
  clock: Clock,
): RollLock {
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
        code: 'LOCK_LOST',
        exit: Exit.locked,
        suggestions: [`natsops roll status --cluster ${document.cluster}`],
      },
    )

  /** Versions begin again when a parameter is deleted and created: the same number may be another roll's. */
  const assertSameRoll = ({roll}: LockDocument): void => {
    if (roll !== document.roll) throw lost(`by roll ${roll}`)
  }

  const write = async (wanted: LockDocument): Promise<void> => {
    const next = {...wanted, beat: document.beat + (doubtful ? 2 : 1)}
    const found = await readLock(store, name)
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
      const found = await readLock(store, name)
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
