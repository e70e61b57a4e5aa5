/**
 * bench/naive-roll.ts [--series 2.10,2.15] [--storage file,memory] [--megabytes N] [--ways I,J] [--write]: the roll
 * everybody would write, beside natsops'.
 *
 * Each way rolls the three nodes of a lab of its own that holds N megabytes of acknowledged messages in one R3 stream,
 * and then what is left is counted. The naive ways differ in what they wait for between two nodes: for the stream's
 * leader to call every replica current, or for a fixed time. An instance leaves either in good order, or as one that is
 * reclaimed or fails: its server is killed first (`killed`). natsops proves. --write puts the table into
 * docs/roll-safety.md.
 */
import {readFileSync, writeFileSync} from 'node:fs'
import {cpus} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {parseArgs} from 'node:util'
import {StorageType} from 'nats'
import {type NatsSeries, natsServerOf} from '../test/support/nats-servers.ts'
import {type RollLab, startRollLab} from '../test/support/roll-lab.ts'

const {values} = parseArgs({
  options: {
    series: {type: 'string', default: '2.10,2.15'},
    storage: {type: 'string', default: 'file,memory'},
    megabytes: {type: 'string', default: '1000'},
    ways: {type: 'string', default: ''},
    write: {type: 'boolean', default: false},
  },
})
const MESSAGE_BYTES = 65_536
const total = Math.ceil((Number(values.megabytes) * 1_000_000) / MESSAGE_BYTES)
const STREAM = 'orders'
const PATIENCE_MS = 60_000

interface Way {
  readonly name: string
  roll(lab: RollLab): Promise<void>
}

const ways: readonly Way[] = [
  {name: 'leader says current', roll: (lab) => rollNaively(lab, () => leaderIsContent(lab), {killed: false})},
  {name: 'leader says current, killed', roll: (lab) => rollNaively(lab, () => leaderIsContent(lab), {killed: true})},
  {name: 'sleep 1 s, killed', roll: (lab) => rollNaively(lab, () => delay(1_000), {killed: true})},
  {name: 'sleep 30 s, killed', roll: (lab) => rollNaively(lab, () => delay(30_000), {killed: true})},
  {
    name: 'natsops roll, settle 0',
    roll: async (lab) => {
      const {message} = await lab.roll({request: {settleMs: 0}})
      if (message !== '') throw new Error(message)
    },
  },
]
const chosen = values.ways === '' ? ways : values.ways.split(',').flatMap((index) => ways[Number(index)] ?? [])

const rows: string[][] = []
for (const series of values.series.split(',') as NatsSeries[]) {
  for (const storage of values.storage.split(',') as ('file' | 'memory')[]) {
    for (const way of chosen) rows.push(await measure(series, storage, way))
  }
}
const lines = [
  ['nats-server', 'stream', 'way', 'acknowledged', 'left', 'time'],
  ['---', '---', '---', '--:', '--:', '--:'],
  ...rows,
].map((cells) => `| ${cells.join(' | ')} |`)
const day = new Date().toISOString().slice(0, 10)
const command = `npx node bench/naive-roll.ts ${process.argv.slice(2).join(' ')}`.trim()
const table = [
  ...lines,
  '',
  `${day}, ${cpus().length} cores, Node ${process.versions.node}, one run: \`${command}\`. A message has 64 KiB.`,
].join('\n')
console.log(table)
if (values.write) writeTable(table)

async function measure(series: NatsSeries, storage: 'file' | 'memory', {name, roll}: Way): Promise<string[]> {
  const {version} = natsServerOf(series)
  const bytes = total * MESSAGE_BYTES * 2
  const lab = await startRollLab({series, maxFileBytes: bytes + 1e9, maxMemoryBytes: bytes + 1e8})
  try {
    await fill(lab, storage)
    const began = performance.now()
    const failure = await roll(lab).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    const left = await countLeft(lab)
    console.error(`${version} ${storage} ${name}: ${left} left after ${seconds} s${failure ? ` (${failure})` : ''}`)
    return [version, storage, name, String(total), left, failure ? `gave up after ${seconds} s` : `${seconds} s`]
  } finally {
    await lab.stop()
  }
}

async function fill(lab: RollLab, storage: 'file' | 'memory'): Promise<void> {
  const manager = await lab.admin.jetstreamManager()
  await manager.streams.add({
    name: STREAM,
    subjects: [`${STREAM}.>`],
    num_replicas: 3,
    storage: storage === 'file' ? StorageType.File : StorageType.Memory,
  })
  const jetStream = lab.admin.jetstream()
  const payload = new Uint8Array(MESSAGE_BYTES - 256)
  for (let done = 0; done < total; done += 64) {
    const batch = Array.from({length: Math.min(64, total - done)}, () =>
      jetStream.publish(`${STREAM}.new`, payload, {timeout: 60_000}),
    )
    await Promise.all(batch)
  }
  await lab.whole()
}

async function rollNaively(
  lab: RollLab,
  gate: () => Promise<void>,
  {killed}: {readonly killed: boolean},
): Promise<void> {
  const groups = await (await (await lab.cluster()).aws()).autoScaling()
  for (const node of lab.nodes) {
    const {instanceId} = await nodeOf(lab, node)
    if (killed) await lab.act('kill', node)
    await groups.terminateInstance(instanceId ?? '')
    await until('a new instance is in service', async () => {
      const now = await nodeOf(lab, node)
      return now.instanceId !== instanceId && now.lifecycle === 'InService'
    })
    if (node !== lab.nodes.at(-1)) await gate()
  }
}

async function leaderIsContent(lab: RollLab): Promise<void> {
  await until('the leader calls every replica current', async () => {
    const manager = await lab.admin.jetstreamManager()
    const {cluster} = await manager.streams.info(STREAM)
    const replicas = cluster?.replicas ?? []
    return (
      cluster?.leader !== undefined &&
      replicas.length === 2 &&
      replicas.every(({current, offline}) => current && !offline)
    )
  })
}

/** What the cluster gives back once it has calmed down. */
async function countLeft(lab: RollLab): Promise<string> {
  const deadline = performance.now() + 40_000
  let answer = 'no stream'
  let same = 0
  while (performance.now() < deadline && same < 5) {
    await delay(1_000)
    const now = await lab.admin
      .jetstreamManager()
      .then((manager) => manager.streams.info(STREAM))
      .then(
        ({state}) => String(state.messages),
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
    same = now === answer ? same + 1 : 0
    answer = now
  }
  return answer
}

async function nodeOf(lab: RollLab, name: string) {
  const node = (await lab.status()).nodes.find((one) => one.name === name)
  if (!node) throw new Error(`no node ${name}`)
  return node
}

async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await ask().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`)
    await delay(20)
  }
}

function writeTable(table: string): void {
  const file = join(import.meta.dirname, '../docs/roll-safety.md')
  const marked = /(<!-- bench\/naive-roll.ts -->\n)[\s\S]*(\n<!-- end naive -->)/
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(marked, (_, start, end) => `${start}\n${table}\n${end}`),
  )
}
