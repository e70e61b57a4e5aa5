import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import type {State} from '../../../src/lib/domain/roll/algorithm.ts'
import type {RollEvent} from '../../../src/lib/domain/roll/events.ts'
import {addStream, publishAll} from '../../support/jetstream.ts'
import {type RollLab, startRollLab} from '../../support/roll-lab.ts'

const natsops = join(import.meta.dirname, '../../support/natsops.ts')

describe('row 44: natsops is killed in the middle of a roll', function () {
  this.timeout(600_000)
  this.slow(120_000)
  let lab: RollLab

  before(async () => {
    lab = await startRollLab({series: '2.15'})
  })
  after(() => lab?.stop())

  it('SIGKILL at GATE, STOP, TERMINATE, LAUNCH and SYNC: each next process goes on with the same node, the last reaches DONE', async () => {
    await addStream(lab.admin, {name: 'orders', subjects: ['orders.>'], num_replicas: 3})
    await publishAll(lab.admin, 'orders.new', 10_000)
    const start = ['node', 'replace', '3', '--cluster', 'lab', '--settle', '1s', '--confirm', 'lab', '--events', '-']
    const resume = ['roll', 'resume', '--cluster', 'lab', '--confirm', 'lab', '--events', '-']
    const nodes: (string | undefined)[] = []
    for (const state of ['GATE', 'STOP', 'TERMINATE', 'LAUNCH', 'SYNC'] as const) {
      const {states, code} = await run(state === 'GATE' ? start : resume, state, nodes)
      assert.equal(code, null, `it ended by itself before ${state}: ${states.join()}`)
      assert.ok(states.includes(state))
    }
    const {states, code, text} = await run(resume, undefined, nodes)
    assert.equal(code, 0, text)
    assert.equal(states.at(-1), 'DONE')
    assert.deepEqual([...new Set(nodes)], ['lab-node-3'])
    assert.deepEqual(
      (await lab.terminations()).map(({node, violations}) => [node, violations]),
      [['lab-node-3', []]],
    )
    await lab.whole()
    const {state} = await (await lab.admin.jetstreamManager()).streams.info('orders')
    assert.equal(state.messages, 10_000)
  })

  /** A process of its own, killed as soon as it says that it entered the state. */
  async function run(argv: readonly string[], until: State | undefined, nodes: (string | undefined)[]) {
    const child = spawn(process.execPath, [natsops, ...argv], {
      env: lab.variables,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    const states: State[] = []
    createInterface({input: child.stdout}).on('line', (line) => {
      // What a process that is killed says last may be half a line.
      if (child.killed) return
      const event = JSON.parse(line) as RollEvent
      if (event.type !== 'state') return
      states.push(event.state)
      if (event.node) nodes.push(event.node)
      if (event.state === until) child.kill('SIGKILL')
    })
    const [code] = (await once(child, 'close')) as [number | null]
    return {states, code, text}
  }
})
