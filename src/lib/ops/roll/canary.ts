import {randomUUID} from 'node:crypto'
import type {Clock} from '../../clients/ports.ts'
import {type Answer, answered, unanswered} from '../../domain/answer.ts'
import {StallMeter} from '../../domain/roll/stall.ts'
import type {CanaryEcho} from '../../domain/roll/view.ts'
import {Exit, OpsError} from '../../errors.ts'
import {askJetStream, refusalOf, STREAM_NOT_FOUND} from './jetstream-api.ts'
import type {NatsLink} from './nats-link.ts'
import {problemOf} from './problems.ts'

export const CANARY_STREAM = 'NATSOPS_CANARY'
/** What tells our stream from one that somebody else gave the same name. */
export const CANARY_MARK = 'canary of natsops roll: may be deleted when no roll is under way'

/** One attempt to publish or to read, milliseconds: a lost message must not look like a long stall. */
const REQUEST_LIMIT_MS = 1000
/** JetStream's own API may wait for a leader. */
const API_LIMIT_MS = 5000
/** Between two attempts to make the stream usable, milliseconds. */
const RETRY_MS = 1000
/** Failing for so long, the stream itself is looked at again: it may have been deleted. Milliseconds. */
const DOUBT_MS = 15_000
const REMOVE_ATTEMPTS = 10
/** How often this process notices that it runs, and how long a gap means that it did not, milliseconds. */
const TICK_MS = 250
const SLEEP_GAP_MS = 2000

export interface CanaryOptions {
  readonly link: NatsLink
  readonly clock: Clock
  readonly replicas: number
  /** Between two publishes, milliseconds. */
  readonly everyMs: number
}

/**
 * A small stream of natsops' own that is written to for as long as a roll takes: proof that a publish is acknowledged
 * and can be read back, and the measure of what publishers feel. One publish is under way at a time.
 */
export interface Canary {
  /** Makes the stream usable and starts. Where that fails it goes on trying; `echo` says why. */
  start(roll: string): Promise<void>
  /** A message published after this call, acknowledged and read back from the stream's leader. Never rejects. */
  echo(): Promise<Answer<CanaryEcho>>
  /** Milliseconds; undefined while nothing was acknowledged. */
  stallMs(): number | undefined
  /**
   * Ends the publishing and deletes the stream, if it is ours, whichever process made it. Rejects where that cannot be
   * done or known.
   */
  remove(): Promise<void>
  stop(): Promise<void>
}

export function openCanary({link, clock, replicas, everyMs}: CanaryOptions): Canary {
  const meter = new StallMeter(SLEEP_GAP_MS)
  const stopping = new AbortController()
  let subject: string | undefined
  let isReady = false
  let wasReady = false
  let problem: unknown
  let queue: Promise<unknown> = Promise.resolve()
  let running: Promise<unknown> = Promise.resolve()

  const now = () => ({monotonic: clock.monotonic(), wall: clock.now()})
  const pause = (ms: number): Promise<void> => clock.sleep(ms, stopping.signal).catch(() => {})

  const ensureStream = async (): Promise<void> => {
    const found = await findStream(link)
    if (found === 'none') await createStream(link, replicas)
    if (found === 'foreign') throw foreignStream()
    isReady = true
    wasReady = true
  }

  /** In turn: whoever publishes waits for the one under way. */
  const publish = (payload: string): Promise<number> => {
    const turn = queue.then(async () => {
      const answer = await askJetStream(link, subject ?? '', payload, REQUEST_LIMIT_MS)
      if (!answer.ok) throw refusalOf('publishing to the canary stream', answer.refusal)
      const {stream, seq} = answer.value
      if (stream !== CANARY_STREAM || typeof seq !== 'number') throw foreignStream()
      meter.acknowledge(now())
      return seq
    })
    queue = turn.catch(() => {})
    return turn
  }

  const publishOn = async (): Promise<void> => {
    let failingSince: number | undefined
    while (!stopping.signal.aborted) {
      try {
        if (!isReady) await ensureStream()
        await publish('tick')
        problem = undefined
        failingSince = undefined
      } catch (error) {
        problem = error
        failingSince ??= clock.monotonic()
        if (clock.monotonic() - failingSince > DOUBT_MS) {
          isReady = false
          failingSince = undefined
        }
      }
      await pause(isReady ? everyMs : RETRY_MS)
    }
  }

  const tick = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      meter.tick(now())
      await pause(TICK_MS)
    }
  }

  const stop = async (): Promise<void> => {
    stopping.abort()
    await running
  }

  return {
    async start(roll) {
      if (subject !== undefined) return
      subject = `natsops.canary.${roll.replace(/[^\w-]/g, '-')}`
      await ensureStream().catch((error: unknown) => {
        problem = error
      })
      running = Promise.all([publishOn(), tick()])
    },

    async echo() {
      if (subject === undefined || stopping.signal.aborted) {
        return unanswered('unsupported', 'there is no canary', clock.now())
      }
      if (!isReady) return unanswered(...problemOf(problem ?? 'the canary stream is not ready yet'), clock.now())
      try {
        const token = randomUUID()
        const sequence = await publish(token)
        const began = clock.monotonic()
        await readBack(link, sequence, token)
        return answered({sequence, roundTripMs: clock.monotonic() - began}, clock.now())
      } catch (error) {
        return unanswered(...problemOf(error), clock.now())
      }
    },

    stallMs: () => meter.longest(now()),

    async remove() {
      await stop()
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await deleteStream(link)
        } catch (error) {
          // What could never be used was not brought by us either; where we never tried, another process may have.
          if (subject !== undefined && !wasReady) return
          if (attempt >= REMOVE_ATTEMPTS) throw error
        }
        await clock.sleep(RETRY_MS)
      }
    },

    stop,
  }
}

async function findStream(link: NatsLink): Promise<'ours' | 'foreign' | 'none'> {
  const answer = await askJetStream(link, `$JS.API.STREAM.INFO.${CANARY_STREAM}`, '', API_LIMIT_MS)
  if (answer.ok) {
    const {description} = (answer.value.config ?? {}) as {readonly description?: unknown}
    return description === CANARY_MARK ? 'ours' : 'foreign'
  }
  if (answer.refusal.errCode === STREAM_NOT_FOUND) return 'none'
  throw refusalOf(`looking for the canary stream ${CANARY_STREAM}`, answer.refusal)
}

/** Bounded in every way: a roll that is never finished leaves nothing behind but 64 short messages for an hour. */
async function createStream(link: NatsLink, replicas: number): Promise<void> {
  const config = {
    name: CANARY_STREAM,
    description: CANARY_MARK,
    subjects: ['natsops.canary.>'],
    retention: 'limits',
    storage: 'file',
    num_replicas: replicas,
    max_consumers: -1,
    max_msgs: 64,
    max_bytes: 65_536,
    max_age: 3_600_000_000_000,
    max_msg_size: 1024,
    discard: 'old',
    allow_direct: true,
  }
  const answer = await askJetStream(
    link,
    `$JS.API.STREAM.CREATE.${CANARY_STREAM}`,
    JSON.stringify(config),
    API_LIMIT_MS,
  )
  if (!answer.ok) throw refusalOf(`creating the canary stream ${CANARY_STREAM}`, answer.refusal)
}

async function readBack(link: NatsLink, sequence: number, token: string): Promise<void> {
  const payload = JSON.stringify({seq: sequence})
  const answer = await askJetStream(link, `$JS.API.STREAM.MSG.GET.${CANARY_STREAM}`, payload, REQUEST_LIMIT_MS)
  if (!answer.ok) throw refusalOf(`reading message ${sequence} of the canary stream back`, answer.refusal)
  const {data} = (answer.value.message ?? {}) as {readonly data?: unknown}
  if (typeof data === 'string' && Buffer.from(data, 'base64').toString('utf8') === token) return
  throw new OpsError(`message ${sequence} of the canary stream is not the one that was acknowledged`, {
    code: 'CANARY_MISMATCH',
    exit: Exit.breached,
  })
}

async function deleteStream(link: NatsLink): Promise<void> {
  if ((await findStream(link)) !== 'ours') return
  const answer = await askJetStream(link, `$JS.API.STREAM.DELETE.${CANARY_STREAM}`, '', API_LIMIT_MS)
  if (answer.ok || answer.refusal.errCode === STREAM_NOT_FOUND) return
  throw refusalOf(`deleting the canary stream ${CANARY_STREAM}`, answer.refusal)
}

function foreignStream(): OpsError {
  return new OpsError(`there is a stream ${CANARY_STREAM} that is not natsops' own`, {
    code: 'CANARY_FOREIGN',
    exit: Exit.refused,
    suggestions: ['rename or delete that stream'],
  })
}
