/**
 * bench/roll.ts [--series 2.15] [--pace default|hurried] [--messages N] [--write]: what a roll itself costs.
 *
 * Rolls the three nodes of a lab under a publisher of 1,000 messages a second, as natsops rolls a real cluster (the same
 * rhythm of looks), and takes the time of each node apart. `own` is what natsops adds: everything but the time in which
 * AWS takes the instance and boots another (GONE, LAUNCH, JOIN), its log arrives (BOOTSTRAP), its data comes (SYNC) and
 * the settle (SOAK). `stop` is the part of it in STOP: until the invariants held with the new leaders, the commands on
 * the instance, and until every route was gone. --messages publishes that many of 1 KiB beforehand. --write puts the
 * tables into docs/performance.md.
 */
import {readFileSync, writeFileSync} from 'node:fs'
import {cpus} from 'node:os'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import type {State} from '../src/lib/domain/roll/algorithm.ts'
import type {RollEvent} from '../src/lib/domain/roll/events.ts'
import {reportRoll, timesOf} from '../src/lib/domain/roll/report.ts'
import {defaultPace} from '../src/lib/ops/roll/start.ts'
import {openLedger} from '../test/support/ledger.ts'
import {type NatsSeries, natsServerOf} from '../test/support/nats-servers.ts'
import {hurriedPace, startRollLab} from '../test/support/roll-lab.ts'

const {values} = parseArgs({
  options: {
    series: {type: 'string', default: '2.15'},
    pace: {type: 'string', default: 'default'},
    messages: {type: 'string', default: '20000'},
    write: {type: 'boolean', default: false},
  },
})
const AIMS = {ownMs: 5_000, stallMs: 1_000, lookMs: 1_000} as const
const OTHERS: readonly State[] = ['GONE', 'LAUNCH', 'JOIN', 'BOOTSTRAP', 'SYNC', 'SOAK']

const lab = await startRollLab({series: values.series as NatsSeries})
try {
  await fill(Number(values.messages))
  const ledger = await openLedger({connect: (index) => lab.connect(index)})
  const calls: {readonly node: string; readonly ms: number}[] = []
  const looks: number[] = []
  const {message, events} = await lab.roll({
    pace: values.pace === 'hurried' ? hurriedPace : defaultPace,
    request: {settleMs: 1_000},
    onStop: (node, ms) => calls.push({node, ms}),
    onLooked: (ms) => looks.push(ms),
  })
  const {stalls, ownStallMs, perSecond} = await ledger.stop()
  const {lost, wrong} = await ledger.judge(lab.nodes)
  await ledger.close()
  if (message !== '') throw new Error(message)
  const stallMs = Math.max(...Object.values(stalls))
  const text = [
    renderTable(['node', 'wall', 'own', 'aim', ...OTHERS], nodeRows(events)),
    '',
    renderTable(['node', 'STOP', 'invariants', 'commands', 'routes'], stopRows(events, calls)),
    '',
    `Longest publish stall ${stallMs} ms, aim < ${AIMS.stallMs} ms (this process stood still for ${ownStallMs} ms at worst),`,
    `at ${perSecond} messages a second; ${lost} acknowledged messages lost${wrong.length > 0 ? `: ${wrong.join('; ')}` : ''}.`,
    '',
    `A look at everything took ${median(looks)} ms, the median of ${looks.length}, aim < ${AIMS.lookMs} ms.`,
    '',
    `${new Date().toISOString().slice(0, 10)}, ${natsServerOf(values.series as NatsSeries).version}, ${cpus().length} cores, Node ${process.versions.node}, ${values.pace} pace, one run.`,
  ].join('\n')
  console.log(text)
  if (values.write) write(text)
} finally {
  await lab.stop()
}

async function fill(count: number): Promise<void> {
  const manager = await lab.admin.jetstreamManager()
  await manager.streams.add({name: 'bulk', subjects: ['bulk.>'], num_replicas: 3})
  const jetStream = lab.admin.jetstream()
  const payload = new Uint8Array(1024)
  for (let done = 0; done < count; done += 500) {
    const size = Math.min(500, count - done)
    await Promise.all(Array.from({length: size}, () => jetStream.publish('bulk.new', payload, {timeout: 30_000})))
  }
  await lab.whole()
}

function nodeRows(events: readonly RollEvent[]): string[][] {
  return reportRoll('bench', events).nodes.map((node) => {
    const times = timesOf(node)
    const wall = [...times.values()].reduce((sum, ms) => sum + ms, 0)
    const own = [...times].reduce((sum, [state, ms]) => sum + (OTHERS.includes(state) ? 0 : ms), 0)
    const others = OTHERS.map((state) => seconds(times.get(state) ?? 0))
    return [
      node.node,
      seconds(wall),
      seconds(own),
      own < AIMS.ownMs ? 'met' : `${AIMS.ownMs / 1000} s missed`,
      ...others,
    ]
  })
}

/** STOP in its three parts: the commands are timed, `stopped` is said right after them. */
function stopRows(events: readonly RollEvent[], calls: readonly {node: string; ms: number}[]): string[][] {
  return calls.map(({node, ms}) => {
    const entered = events.find((event) => event.type === 'state' && event.state === 'STOP' && event.node === node)
    const stopped = events.find((event) => event.type === 'stopped' && event.node === node)
    const left = events.find((event) => event.type === 'state' && event.state === 'INTENT' && event.node === node)
    const [from, middle, to] = [entered, stopped, left].map((event) => event?.at ?? Number.NaN) as [
      number,
      number,
      number,
    ]
    return [node, seconds(to - from), seconds(middle - from - ms), seconds(ms), seconds(to - middle)]
  })
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, index) => (index === 0 ? '---' : '--:'))
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function median(list: readonly number[]): number {
  return Math.round([...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

function write(text: string): void {
  const file = join(import.meta.dirname, '../docs/performance.md')
  const marked = /(<!-- bench\/roll.ts -->\n)[\s\S]*(\n<!-- end roll -->)/
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(marked, (_, start, end) => `${start}\n${text}\n${end}`),
  )
}
