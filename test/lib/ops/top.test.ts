import assert from 'node:assert/strict'
import type {NodeReports} from '../../../src/lib/clients/ports.ts'
import {openClusterContext} from '../../../src/lib/context.ts'
import {unanswered} from '../../../src/lib/domain/answer.ts'
import type {TopLook} from '../../../src/lib/domain/top/look.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'
import {watchTop} from '../../../src/lib/ops/top.ts'
import {openTerminal} from '../../../src/lib/output/terminal.ts'
import {FakeClock} from '../../support/fakes.ts'
import {NOW, testSettings} from '../../support/observations.ts'
import {emptyConfiguration} from '../../support/run.ts'

/** Nodes that nobody can reach, looks that take a given time, and a screen that wants what it is told. */
class World {
  readonly clock = new FakeClock(NOW)
  readonly interruption = new AbortController()
  /** When each look began. */
  readonly begun: number[] = []
  connections = 0
  wants = {connections: false, paused: false}
  tookMs = 0
  /** Called at every sleep, before it. */
  onSleep: () => void = () => {}

  /** How often somebody asked for AWS. */
  logins = 0

  looks(askAws = false): AsyncGenerator<TopLook, undefined> {
    const {clock} = this
    const settings = testSettings(1)
    const silent = async () => unanswered('refused', 'nobody', clock.now())
    const parts = {
      configuration: emptyConfiguration(),
      terminal: openTerminal({colour: false, quiet: true}),
      signal: this.interruption.signal,
      requestTimeoutMs: 1000,
    }
    const context = {
      ...openClusterContext(parts, {settings, sources: new Map()}),
      clock: {
        now: clock.now,
        monotonic: clock.monotonic,
        sleep: (ms: number, signal?: AbortSignal) => {
          this.onSleep()
          return clock.sleep(ms, signal)
        },
      },
      aws: async () => {
        this.logins += 1
        throw new OpsError('log in first', {code: 'AWS_CREDENTIALS', exit: Exit.auth})
      },
      monitor: async () => {
        this.begun.push(clock.time - NOW)
        clock.time += this.tookMs
        return {
          server: silent,
          health: silent,
          jetStream: silent,
          routes: silent,
          raft: silent,
          certificateExpiry: async () => undefined,
          close: async () => {},
        }
      },
      nodeReports: async (): Promise<NodeReports> => ({
        jetStream: async () => [],
        raft: async () => [],
        accounts: async () => [],
        connections: async () => {
          this.connections += 1
          return []
        },
      }),
    }
    const {signal} = this.interruption
    return watchTop(context, {intervalMs: 2000, askAws, wants: () => this.wants, signal})
  }

  async take(count: number, askAws = false): Promise<readonly TopLook[]> {
    const taken: TopLook[] = []
    for await (const look of this.looks(askAws)) if (taken.push(look) >= count) break
    return taken
  }
}

describe('the looks of the live view', () => {
  it('begin at the interval, whatever they take', async () => {
    const world = new World()
    world.tookMs = 500
    await world.take(3)
    assert.deepEqual(world.begun, [0, 2000, 4000])
  })

  it('try the system account where no port answers, again every half minute, and not without AWS', async () => {
    const world = new World()
    const looks = await world.take(31, true)
    assert.ok(looks[1]?.warnings.includes('the system account was not to be had: log in first'))
    assert.ok(looks[30]?.warnings.includes('the system account was not to be had: log in first'))
    const discovery = 1
    assert.equal(world.logins - discovery, 3)
    const without = new World()
    await without.take(3)
    assert.equal(without.logins, 0)
  })

  it('leave the servers alone for as long as a slow one took', async () => {
    const world = new World()
    world.tookMs = 3000
    await world.take(3)
    assert.deepEqual(world.begun, [0, 6000, 12_000])
  })

  it('ask for connections only while they are shown, and then at once', async () => {
    const world = new World()
    world.onSleep = () => {
      if (world.clock.time - NOW >= 2600) world.wants = {connections: true, paused: false}
    }
    const looks = await world.take(3)
    assert.deepEqual(
      looks.map(({connections}) => connections !== undefined),
      [false, false, true],
    )
    assert.deepEqual([world.begun, world.connections], [[0, 2000, 2800], 1])
  })

  it('ask nobody during a pause, and look again after it', async () => {
    const world = new World()
    world.onSleep = () => {
      world.wants = {connections: false, paused: world.clock.time - NOW < 30_000}
    }
    await world.take(2)
    assert.deepEqual(world.begun, [0, 30_200])
  })

  it('end with the reason of the signal', async () => {
    const world = new World()
    world.onSleep = () => world.interruption.abort(new Error('enough'))
    await assert.rejects(world.take(2), /enough/)
  })
})
