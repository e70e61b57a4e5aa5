import assert from 'node:assert/strict'
import fc from 'fast-check'
import {InterruptedError} from '../../../../src/lib/errors.ts'
import {FakeCluster} from '../../../support/fake-cluster.ts'
import {RollRig} from '../../../support/fake-roll.ts'

/**
 * The state machine against a cluster in memory under random trouble: nodes pause, crash, fall behind, vanish from
 * view; AWS goes silent, loses answers, replaces instances by itself; the laptop sleeps, its clock jumps, natsops is
 * killed and resumed. Whatever happens, no termination meets another unsound node, every end is a documented one, and
 * once the trouble is over a resume reaches the end.
 *
 * MODEL_RUNS sets how many runs; a failure prints seed and path, to be replayed with MODEL_SEED and
 * MODEL_PATH.
 */
const kinds = [
  'pause',
  'unpause',
  'kill',
  'revive',
  'freeze',
  'thaw',
  'hide',
  'show',
  'hide-all',
  'show-all',
  'aws-silent',
  'aws-back',
  'lock-silent',
  'lock-back',
  'lost',
  'again',
  'refused',
  'stop-denied',
  'stop-fails',
  'own-replacement',
  'restart',
  'sleep',
  'clock-jump',
  'no-launch',
  'launch',
  'meta-moves',
  'crash',
  'interrupt',
  'journal-lost',
  'step-down-refused',
  'step-down-works',
] as const
type Kind = (typeof kinds)[number]

const harms: ReadonlySet<Kind> = new Set<Kind>(['pause', 'kill', 'freeze', 'restart', 'own-replacement', 'sleep'])

interface Trouble {
  readonly kind: Kind
  /** Before which call of the roll. */
  readonly at: number
  readonly node: number
}

const documented = new Set([0, 3, 4, 5, 6, 7, 8, 10, 130])
const troubles = fc.array(fc.record({kind: fc.constantFrom(...kinds), at: fc.nat(220), node: fc.nat(2)}), {
  maxLength: 10,
})

describe('the rolling replacement, model-checked', () => {
  const runs = Number(process.env.MODEL_RUNS ?? 600)
  const replay = process.env.MODEL_SEED
    ? {seed: Number(process.env.MODEL_SEED), path: process.env.MODEL_PATH ?? '0'}
    : {}

  it(`never terminates while another node is unsound, and always ends (${runs} runs)`, async () => {
    await fc.assert(fc.asyncProperty(troubles, fc.nat(), check), {numRuns: runs, ...replay, endOnFailure: false})
  }).timeout(1_800_000)
})

async function check(list: readonly Trouble[], spread: number): Promise<void> {
  const cluster = new FakeCluster({
    streams: [
      {name: 'orders', perSecond: spread % 2 === 0 ? 50 : 0, stored: 2000},
      {name: 'events', perSecond: 20, stored: 8000},
    ],
  })
  const drain = (['auto', 'api', 'none', 'ssm'] as const)[spread % 4]!
  const rig = new RollRig(cluster, {request: {drain, acceptsUnseen: spread % 8 < 4}})
  for (const {kind, at, node} of list) {
    const disturbance = {
      strike: (target: RollRig) => strike(target, kind, `c-node-${node + 1}`),
      isHarm: harms.has(kind),
    }
    rig.disturbances.set(at, [...(rig.disturbances.get(at) ?? []), disturbance])
  }
  const statuses: (number | string)[] = []
  for (let attempt = 1; attempt <= 4; attempt++) {
    const status = await rig.run(attempt)
    statuses.push(status)
    assert.deepEqual(cluster.violations, [], `after ${statuses.join(', ')}`)
    assert.ok(status === 'crashed' || documented.has(status), `undocumented end ${status}: ${rig.lastError?.stack}`)
    if (status === 0) break
    rig.disturbances.clear()
    calm(rig)
    cluster.advance(60_000)
  }
  assert.equal(statuses.at(-1), 0, `${statuses.join(', ')}: ${rig.lastError?.message}`)
  calm(rig)
  // As long as an instance that AWS replaces in the roll's last moments takes to be whole.
  cluster.advance(600_000)
  assert.deepEqual(cluster.unsound(), [])
  assert.deepEqual(cluster.violations, [])
  assert.equal(rig.store.parameters.size, 0, 'the lock was released')
}

/** The trouble is over: what a person would have mended is mended. */
function calm(rig: RollRig): void {
  const {cluster} = rig
  cluster.awsAnswers = true
  cluster.launches = true
  rig.store.answers = true
  rig.stepDownRefused = false
  rig.terminateAnswers = []
  rig.stopAnswers = []
  for (const node of cluster.nodes) {
    node.visible = true
    node.frozen = false
    if (node.server === 'paused') node.server = 'up'
    if (node.server === 'stopped') cluster.start(node.name)
  }
}

function strike(rig: RollRig, kind: Kind, name: string): void {
  const {cluster} = rig
  const node = cluster.node(name)
  // Trouble of the outside that would by itself be a second loss is not what is checked here.
  const isAlone = cluster.weakened().every((other) => other === name)
  switch (kind) {
    case 'pause':
      if (isAlone && node.server === 'up') node.server = 'paused'
      return
    case 'unpause':
      if (node.server === 'paused') node.server = 'up'
      return
    case 'kill':
      if (isAlone) node.server = 'stopped'
      return
    case 'revive':
    case 'restart':
      cluster.start(name)
      if (kind === 'restart' && node.server === 'up') node.serverId = `${node.serverId}r`
      return
    case 'freeze':
      node.frozen = true
      return
    case 'thaw':
      node.frozen = false
      return
    case 'hide':
    case 'show':
      node.visible = kind === 'show'
      return
    case 'hide-all':
    case 'show-all':
      for (const each of cluster.nodes) each.visible = kind === 'show-all'
      return
    case 'aws-silent':
    case 'aws-back':
      cluster.awsAnswers = kind === 'aws-back'
      return
    case 'lock-silent':
    case 'lock-back':
      rig.store.answers = kind === 'lock-back'
      return
    case 'lost':
    case 'again':
    case 'refused':
      rig.terminateAnswers.push(kind)
      return
    case 'stop-denied':
      rig.stopAnswers.push('not-permitted')
      return
    case 'stop-fails':
      rig.stopAnswers.push('failed')
      return
    case 'own-replacement':
      if (isAlone) cluster.replaceByItself(name)
      return
    case 'sleep':
      rig.clock.pass(7_200_000)
      return
    case 'clock-jump':
      rig.clock.skew += 86_400_000
      return
    case 'no-launch':
    case 'launch':
      cluster.launches = kind === 'launch'
      return
    case 'meta-moves':
      cluster.stepDown('_meta_', name)
      return
    case 'crash':
      rig.crash()
      return
    case 'interrupt':
      rig.abort.abort(new InterruptedError('SIGINT'))
      return
    case 'journal-lost':
      rig.loseJournal()
      return
    case 'step-down-refused':
    case 'step-down-works':
      rig.stepDownRefused = kind === 'step-down-refused'
  }
}
