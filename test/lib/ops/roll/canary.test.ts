import assert from 'node:assert/strict'
import {setTimeout as delay} from 'node:timers/promises'
import {systemClock} from '../../../../src/lib/clock.ts'
import {Exit, OpsError} from '../../../../src/lib/errors.ts'
import {CANARY_MARK, CANARY_STREAM, type Canary, openCanary} from '../../../../src/lib/ops/roll/canary.ts'
import type {NatsLink} from '../../../../src/lib/ops/roll/nats-link.ts'
import {eventually} from '../../../support/eventually.ts'

const lost = (code: string, exit: Exit = Exit.unreachable): OpsError => new OpsError(`it is ${code}`, {code, exit})

/** JetStream with room for one stream. */
class FakeJetStream implements NatsLink {
  stream: {description: string; messages: Map<number, string>; last: number} | undefined
  /** Thrown by every request while set. */
  problem: Error | undefined
  /** The API's refusal of everything while set. */
  refusal: {code: number; err_code: number; description: string} | undefined
  corrupts = false
  /** Requests of a removal that ended in `problem`. */
  lostDeletions = 0
  /** Publishes that are under way now, and at most. */
  publishing = 0
  atOnce = 0
  readonly subjects = new Set<string>()

  async request(subject: string, payload: string): Promise<string> {
    await delay(1)
    if (this.problem) {
      // A removal looks whose stream it is before it deletes it; the background only publishes by then.
      if (subject.startsWith('$JS.API.STREAM.')) this.lostDeletions += 1
      throw this.problem
    }
    if (this.refusal) return JSON.stringify({error: this.refusal})
    const {stream} = this
    if (!subject.startsWith('$JS.API.')) return this.#publish(subject, payload)
    this.subjects.add(subject)
    const [kind, action] = subject.split('.').slice(2)
    if (action === 'CREATE') {
      const {description} = JSON.parse(payload) as {description: string}
      this.stream = {description, messages: new Map(), last: 0}
      return '{}'
    }
    if (!stream) return JSON.stringify({error: {code: 404, err_code: 10_059, description: 'stream not found'}})
    if (action === 'DELETE') this.stream = undefined
    if (kind === 'STREAM' && action === 'MSG') {
      const text = stream.messages.get((JSON.parse(payload) as {seq: number}).seq)
      if (text === undefined) {
        return JSON.stringify({error: {code: 404, err_code: 10_037, description: 'no message found'}})
      }
      return JSON.stringify({message: {data: Buffer.from(text).toString('base64')}})
    }
    return JSON.stringify({config: {description: stream.description}})
  }

  async #publish(_subject: string, payload: string): Promise<string> {
    this.publishing += 1
    this.atOnce = Math.max(this.atOnce, this.publishing)
    await delay(2)
    this.publishing -= 1
    const {stream} = this
    if (!stream) throw lost('NO_RESPONDERS')
    stream.last += 1
    stream.messages.set(stream.last, this.corrupts ? 'something else' : payload)
    return JSON.stringify({stream: CANARY_STREAM, seq: stream.last})
  }

  account = async (): Promise<string> => 'A'
  leave = (): void => {}
  close = async (): Promise<void> => {}
}

describe('the canary', () => {
  let link: FakeJetStream
  let canary: Canary
  beforeEach(() => {
    link = new FakeJetStream()
    canary = openCanary({link, clock: systemClock, replicas: 3, everyMs: 5})
  })
  afterEach(() => canary.stop())

  const problem = async (): Promise<string | undefined> => {
    const echo = await canary.echo()
    return echo.ok ? undefined : echo.problem.detail
  }

  it('echoes what it published itself, one publish at a time', async () => {
    await canary.start('r')
    const echoes = await Promise.all([canary.echo(), canary.echo(), canary.echo()])
    const sequences = echoes.map((echo) => (echo.ok ? echo.value.sequence : 0))
    assert.deepEqual(
      sequences,
      [...sequences].sort((a, b) => a - b),
    )
    assert.ok(sequences.every((sequence) => sequence > 0))
    assert.equal(link.atOnce, 1)
    assert.notEqual(canary.stallMs(), undefined)
  })

  it('says what publishing or reading back failed with, and recovers', async () => {
    await canary.start('r')
    link.problem = lost('REQUEST_TIMEOUT')
    assert.equal(await problem(), 'it is REQUEST_TIMEOUT')
    link.problem = undefined
    assert.equal(await problem(), undefined)
    link.corrupts = true
    assert.match((await problem()) ?? '', /^message \d+ of the canary stream is not the one that was acknowledged$/)
    link.corrupts = false
    assert.equal(await problem(), undefined)
  })

  it('measures a stall that is over and one that is not', async () => {
    await canary.start('r')
    await eventually('an acknowledgement', () => canary.stallMs() !== undefined)
    link.problem = lost('NO_RESPONDERS')
    await eventually('a stall under way', () => (canary.stallMs() ?? 0) >= 250)
    link.problem = undefined
    await eventually('an echo', async () => (await canary.echo()).ok)
    assert.ok((canary.stallMs() ?? 0) >= 250)
  })

  for (const [what, description] of [
    ['the account has no JetStream', 'JetStream not enabled for account'],
    ['the account has no room', 'maximum number of streams reached'],
  ]) {
    it(`says why where ${what}, goes on trying, and brings nothing to take away`, async () => {
      link.refusal = {code: 503, err_code: 10_039, description: description ?? ''}
      await canary.start('r')
      assert.equal(
        await problem(),
        `looking for the canary stream ${CANARY_STREAM}: JetStream refused with 503: ${description} (10039)`,
      )
      link.refusal = undefined
      await eventually('an echo', async () => (await canary.echo()).ok)
      await canary.remove()
      assert.equal(link.stream, undefined)
    })
  }

  it('does not mind taking away what could never be brought', async () => {
    link.problem = lost('PERMISSION_DENIED', Exit.auth)
    await canary.start('r')
    assert.equal(await problem(), 'it is PERMISSION_DENIED')
    await canary.remove()
  })

  it('uses the stream an earlier process left, and leaves a foreign one alone', async () => {
    link.stream = {description: CANARY_MARK, messages: new Map(), last: 41}
    await canary.start('r')
    const echo = await canary.echo()
    assert.ok(echo.ok && echo.value.sequence > 41)
    assert.ok(![...link.subjects].some((subject) => subject.includes('CREATE')))
    link.stream = {description: 'mine', messages: new Map(), last: 0}
    await canary.remove()
    assert.equal(link.stream?.description, 'mine')
  })

  it('takes away what another process left, without having started itself; not a foreign one', async () => {
    link.stream = {description: 'mine', messages: new Map(), last: 0}
    await canary.remove()
    assert.equal(link.stream?.description, 'mine')
    link.stream = {description: CANARY_MARK, messages: new Map(), last: 41}
    await canary.remove()
    assert.equal(link.stream, undefined)
  })

  it('says that what another process left could not be taken away', async () => {
    link.problem = lost('PERMISSION_DENIED', Exit.auth)
    const clock = {...systemClock, sleep: async () => {}}
    const fresh = openCanary({link, clock, replicas: 3, everyMs: 5})
    await assert.rejects(fresh.remove(), {code: 'PERMISSION_DENIED'})
  })

  it('takes its stream away when the answer comes at last, and says when it never does', async () => {
    await canary.start('r')
    await eventually('an acknowledgement', () => canary.stallMs() !== undefined)
    link.problem = lost('REQUEST_TIMEOUT')
    const removal = canary.remove()
    await eventually('an attempt that failed', () => link.lostDeletions > 0)
    link.problem = undefined
    await removal
    assert.equal(link.stream, undefined)
    assert.equal(await problem(), 'there is no canary')
  })
})
