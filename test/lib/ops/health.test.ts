import assert from 'node:assert/strict'
import {getEventListeners} from 'node:events'
import type {Aws} from '../../../src/lib/clients/ports.ts'
import {openClusterContext} from '../../../src/lib/context.ts'
import {unanswered} from '../../../src/lib/domain/answer.ts'
import type {HealthReport} from '../../../src/lib/domain/health.ts'
import type {AutoScalingGroup} from '../../../src/lib/domain/observation.ts'
import {type ClusterSettings, conventionalNode, conventionalSettings} from '../../../src/lib/domain/settings.ts'
import {Exit} from '../../../src/lib/errors.ts'
import {checkHealth, watchHealth} from '../../../src/lib/ops/health.ts'
import {openTerminal} from '../../../src/lib/output/terminal.ts'
import {FakeClock, FakeParameterStore, fakeAws} from '../../support/fakes.ts'
import {healthyObservation, NOW} from '../../support/observations.ts'
import {emptyConfiguration} from '../../support/run.ts'

/** Nodes by convention that are all well, or silent, and an AWS with these groups: who was asked what, in turn. */
class World {
  readonly clock = new FakeClock(NOW)
  readonly interruption = new AbortController()
  /** `look 1 2 3 at 0`: nodes asked in one look, and when, milliseconds. `aws`: for a list of all groups. */
  readonly events: string[] = []
  groups: readonly number[] = [1, 2, 3]
  isSilent = false
  /** How long AWS takes to list all groups, milliseconds. */
  awsTakesMs = 0
  /** Called whenever a look has begun. */
  onLook = (): void => {}
  readonly #settings: ClusterSettings

  constructor(changes: Partial<ClusterSettings> = {}) {
    this.#settings = {...conventionalSettings('test'), ...changes}
  }

  check(askAws = true): Promise<HealthReport> {
    return checkHealth(this.#context(), {intervalMs: 1000, askAws})
  }

  watch(askAws = true): AsyncGenerator<HealthReport, undefined> {
    return watchHealth(this.#context(), {intervalMs: 1000, askAws})
  }

  #context() {
    const {clock} = this
    const parts = {
      configuration: emptyConfiguration(),
      terminal: openTerminal({colour: false, quiet: true}),
      signal: this.interruption.signal,
      requestTimeoutMs: 1000,
    }
    return {
      ...openClusterContext(parts, {settings: this.#settings, sources: new Map()}),
      clock,
      aws: async () => this.#aws(),
      monitor: async () => this.#monitor(),
    }
  }

  #aws(): Aws {
    return {
      ...fakeAws(new FakeParameterStore()),
      ec2: async () => ({instances: async () => []}),
      autoScaling: async () => ({
        groups: async (names) => {
          if (names === undefined) {
            this.events.push('aws')
            // Further away than the next promise, and than the pause between two looks.
            await new Promise(setImmediate)
            this.clock.time += this.awsTakesMs
          }
          const all = this.groups.map((n) => emptyGroup(conventionalNode(this.#settings, n).asg))
          return all.filter(({name}) => names === undefined || names.includes(name))
        },
        activities: async () => [],
        refreshes: async () => [],
        terminateInstance: () => assert.fail('health changes nothing'),
        startRefresh: () => assert.fail('health changes nothing'),
      }),
    }
  }

  #monitor() {
    const asked: string[] = []
    const at = this.clock.time
    const index = this.events.push('') - 1
    this.onLook()
    const nodes = [1, 2, 3, 4, 5].map((n) => conventionalNode(this.#settings, n))
    const well = healthyObservation({...this.#settings, nodes}, at).nodes
    const find = (name: string) => well.find(({target}) => target.name === name) ?? assert.fail(name)
    const silent = unanswered('refused', 'nobody', at)
    return {
      server: async ({name}: {readonly name: string}) => {
        asked.push(name.replace(/^.*-/, ''))
        this.events[index] = `look ${asked.join(' ')} at ${at - NOW}`
        return this.isSilent ? silent : find(name).server
      },
      health: async ({name}: {readonly name: string}) => (this.isSilent ? silent : find(name).health),
      jetStream: async ({name}: {readonly name: string}) => (this.isSilent ? silent : find(name).jetStream),
      routes: async ({name}: {readonly name: string}) => (this.isSilent ? silent : find(name).routes),
      raft: async ({name}: {readonly name: string}) => (this.isSilent ? silent : find(name).raft),
      certificateExpiry: async () => undefined,
      close: async () => {},
    }
  }
}

function emptyGroup(name: string): AutoScalingGroup {
  return {name, desired: 1, minimum: 1, maximum: 1, instances: [], suspended: []}
}

describe('the looks of a health check', () => {
  it('are two at the nodes known without AWS, which is asked between them', async () => {
    const world = new World()
    const {nodes, findings} = await world.check()
    assert.deepEqual(world.events, ['look 1 2 3 at 0', 'aws', 'look 1 2 3 at 1000'])
    assert.deepEqual(
      nodes.map(({node}) => node),
      ['test-node-1', 'test-node-2', 'test-node-3'],
    )
    assert.ok(!findings.some(({code}) => code === 'nodes-uncertain'))
  })

  for (const groups of [[1, 2, 3, 4, 5], [1]]) {
    it(`begin anew where AWS knows of ${groups.length} instead of the three by convention`, async () => {
      const world = new World()
      world.groups = groups
      const {nodes} = await world.check()
      const look = `look ${groups.join(' ')}`
      assert.deepEqual(world.events, ['look 1 2 3 at 0', 'aws', `${look} at 1000`, `${look} at 2000`])
      assert.deepEqual(
        nodes.map(({node}) => node),
        groups.map((n) => `test-node-${n}`),
      )
    })
  }

  it('are at as many nodes as are configured, at once', async () => {
    const world = new World({nodes: 5})
    world.groups = [1, 2, 3, 4, 5]
    await world.check()
    assert.deepEqual(world.events, ['look 1 2 3 4 5 at 0', 'aws', 'look 1 2 3 4 5 at 1000'])
  })

  it('leave AWS alone when they are told to', async () => {
    const world = new World()
    world.groups = [1, 2, 3, 4]
    await world.check(false)
    assert.deepEqual(world.events, ['look 1 2 3 at 0', 'look 1 2 3 at 1000'])
  })

  it('are not repeated at nodes of which none has answered', async () => {
    const world = new World()
    world.isSilent = true
    assert.equal((await world.check()).verdict, 'unknown')
    assert.deepEqual(world.events, ['look 1 2 3 at 0', 'aws'])
    const other = new World()
    other.isSilent = true
    other.groups = [1, 2]
    assert.equal((await other.check()).nodes.length, 2)
    assert.deepEqual(other.events, ['look 1 2 3 at 0', 'aws', 'look 1 2 at 0'])
  })

  it('go on an interval apart under a watch, which asks AWS for the list of nodes once', async () => {
    const world = new World()
    const reports: HealthReport[] = []
    for await (const report of world.watch()) if (reports.push(report) >= 3) break
    assert.deepEqual(world.events, ['look 1 2 3 at 0', 'aws', ...[1000, 2000, 3000].map((at) => `look 1 2 3 at ${at}`)])
  })

  it('begin anew where AWS kept them waiting: nothing is held against what was stored long ago', async () => {
    const world = new World()
    world.awsTakesMs = 45_000
    await world.check()
    assert.deepEqual(world.events, ['look 1 2 3 at 0', 'aws', 'look 1 2 3 at 46000', 'look 1 2 3 at 47000'])
    const brisk = new World()
    brisk.awsTakesMs = 1900
    await brisk.check()
    assert.deepEqual(brisk.events, ['look 1 2 3 at 0', 'aws', 'look 1 2 3 at 2900'])
  })

  it('are made again where nobody had answered, once AWS kept them waiting', async () => {
    const world = new World()
    world.isSilent = true
    world.awsTakesMs = 45_000
    await world.check()
    assert.deepEqual(world.events, ['look 1 2 3 at 0', 'aws', 'look 1 2 3 at 45000'])
  })

  for (const [what, isSeen] of [
    ['counts', true],
    ['does not count', false],
  ] as const) {
    it(`begin anew under a watch after the machine has slept, where its monotonic clock ${what} that`, async () => {
      const world = new World()
      let slept = 0
      if (!isSeen) world.clock.monotonic = () => world.clock.time - slept
      let reports = 0
      for await (const _ of world.watch(false)) {
        reports += 1
        if (reports === 3) break
        if (reports > 1) continue
        slept = 3_600_000
        world.clock.time += slept
      }
      const hour = [3_602_000, 3_603_000, 3_604_000]
      assert.deepEqual(world.events, ['look 1 2 3 at 0', ...[1000, ...hour].map((at) => `look 1 2 3 at ${at}`)])
    })

    it(`believe none in which the machine has slept, where its monotonic clock ${what} that`, async () => {
      const world = new World()
      let slept = 0
      if (!isSeen) world.clock.monotonic = () => world.clock.time - slept
      world.onLook = () => {
        if (world.events.length !== 2) return
        slept = 3_600_000
        world.clock.time += slept
      }
      await world.check(false)
      assert.deepEqual(
        world.events,
        [0, 1000, 3_601_000, 3_602_000].map((at) => `look 1 2 3 at ${at}`),
      )
    })
  }

  it('do not go on for ever where each of them takes too long', async () => {
    const world = new World()
    world.onLook = () => {
      world.clock.time += 60_000
    }
    await assert.rejects(world.check(false), {code: 'LOOKS_TOO_SLOW', exit: Exit.unreachable})
    assert.equal(world.events.length, 5)
  })

  it('leave nothing on the signal that would keep them all', async () => {
    const world = new World()
    let reports = 0
    for await (const _ of world.watch()) {
      assert.equal(getEventListeners(world.interruption.signal, 'abort').length, 0)
      if (++reports === 3) break
    }
  })

  it('end with the reason of an interruption', async () => {
    const world = new World()
    const reason = new Error('Ctrl-C')
    world.interruption.abort(reason)
    await assert.rejects(world.check(), (error) => error === reason)
  })
})
