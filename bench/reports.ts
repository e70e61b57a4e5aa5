/**
 * bench/reports.ts [--streams N] [--consumers N] [--replicated N] [--rounds N] [--write]: reports of a large cluster
 * beside those of the nats CLI.
 *
 * Each round runs every case once, so that a noisy machine is noisy for all of them; times are medians, and what counts
 * are their ratios within one run. natsops fetches its credentials from SSM each time, nats has them in a file. Needs a
 * build and the nats CLI (script/bootstrap builds it where Go is there: a module of its own, thrown away afterwards);
 * brings up a lab of its own. Peak memory is told where GNU time is there. --write puts the table into
 * docs/performance.md.
 */
import {execFileSync, spawnSync} from 'node:child_process'
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {cpus, tmpdir} from 'node:os'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {connect, credsAuthenticator} from 'nats'
import {natsCli} from '../test/support/nats-servers.ts'
import {createAssets} from './many-assets.ts'

interface Case {
  readonly name: string
  readonly argv: readonly [string, ...string[]]
  /** The case it is measured against. */
  readonly against?: string
}

interface Measured {
  readonly ms: number
  /** Most of all rounds; undefined where nobody tells. */
  readonly peakBytes: number | undefined
}

const {values} = parseArgs({
  options: {
    streams: {type: 'string', default: '5000'},
    consumers: {type: 'string', default: '10000'},
    replicated: {type: 'string', default: '200'},
    rounds: {type: 'string', default: '5'},
    write: {type: 'boolean', default: false},
  },
})
const GNU_TIME = '/usr/bin/time'
const root = join(import.meta.dirname, '..')
const natsops = join(root, 'bin/run.js')
const lab = 'bench-reports'
const folder = mkdtempSync(join(tmpdir(), 'natsops-bench-'))
const environment: NodeJS.ProcessEnv = {...process.env, XDG_STATE_HOME: join(folder, 'state')}
const nats = natsCli()
if (nats === undefined) throw new Error('the nats CLI is not there: run script/bootstrap with Go on the PATH')

try {
  execute('lab', 'up', lab)
  const {set} = JSON.parse(execute('lab', 'env', lab, '--json')) as {set: Record<string, string>}
  Object.assign(environment, set)
  await fill(set)
  const cases = listCases(nats)
  const table = renderTable(cases, measure(cases, Number(values.rounds)))
  console.log(table)
  if (values.write) writeTable(table)
} finally {
  execute('lab', 'down', lab)
  rmSync(folder, {recursive: true, force: true})
}

async function fill({NATS_URL: urls = '', NATS_CREDS: creds = ''}: Readonly<Record<string, string>>): Promise<void> {
  const authenticator = credsAuthenticator(readFileSync(creds))
  const connection = await connect({servers: urls.split(','), authenticator})
  const amount = {
    streams: Number(values.streams),
    consumers: Number(values.consumers),
    replicated: Number(values.replicated),
  }
  await createAssets(connection, amount, (text) => console.error(text))
  await connection.close()
}

function listCases(cli: string): readonly Case[] {
  const system = join(folder, 'system.creds')
  execute('creds', 'fetch', '--system', '--out', system)
  const pair = (theirs: readonly string[], ours: readonly string[], creds?: string): readonly Case[] => {
    const name = `nats ${theirs.join(' ')}`
    return [
      {name, argv: [cli, ...(creds === undefined ? [] : ['--creds', creds]), ...theirs]},
      {name: `natsops ${ours.join(' ')}`, argv: [process.execPath, natsops, ...ours], against: name},
    ]
  }
  return [
    ...pair(['server', 'report', 'jetstream'], ['report', 'jetstream'], system),
    ...pair(['stream', 'ls'], ['stream', 'list']),
    ...pair(['stream', 'report'], ['report', 'streams']),
  ]
}

function measure(cases: readonly Case[], rounds: number): ReadonlyMap<string, Measured> {
  const times = new Map(cases.map(({name}) => [name, [] as number[]]))
  const peaks = new Map<string, number>()
  const timed = existsSync(GNU_TIME)
  const rss = join(folder, 'rss')
  for (let round = 0; round <= rounds; round++) {
    for (const {name, argv} of cases) {
      const [program = '', ...rest] = timed ? [GNU_TIME, '-f', '%M', '-o', rss, ...argv] : argv
      const started = performance.now()
      const {status, stderr} = spawnSync(program, rest, {env: environment, encoding: 'utf8', maxBuffer: 1 << 28})
      const ms = performance.now() - started
      if (status !== 0) throw new Error(`${name} failed with ${status}: ${stderr}`)
      if (timed) peaks.set(name, Math.max(peaks.get(name) ?? 0, Number(readFileSync(rss, 'utf8')) * 1024))
      if (round > 0) times.get(name)?.push(ms)
    }
  }
  return new Map([...times].map(([name, list]) => [name, {ms: median(list), peakBytes: peaks.get(name)}]))
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN
}

function renderTable(cases: readonly Case[], measured: ReadonlyMap<string, Measured>): string {
  const rows = cases.map(({name, against}) => {
    const {ms = Number.NaN, peakBytes} = measured.get(name) ?? {}
    const theirs = against === undefined ? undefined : measured.get(against)
    const ratio = theirs ? `${(ms / theirs.ms).toFixed(2)} x` : ''
    return [
      name,
      `${ms.toFixed(0)} ms`,
      peakBytes === undefined ? '' : `${(peakBytes / 2 ** 20).toFixed(0)} MiB`,
      ratio,
      theirs ? '<= 1.0' : '',
    ]
  })
  const {streams, consumers, replicated, rounds} = values
  const lines = [['what', 'median', 'peak memory', 'ratio', 'aim'], ['---', '--:', '--:', '--:', '---'], ...rows]
  const scene = `${streams} streams (${replicated} of three replicas, the rest of one) and ${consumers} consumers`
  const machine = `${cpus().length} cores that also run the three servers, Node ${process.versions.node}, ${rounds} rounds`
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n\n${scene}; ${machine}.`
}

function writeTable(table: string): void {
  const file = join(root, 'docs/performance.md')
  const marked = /(<!-- bench\/reports.ts -->\n)[\s\S]*(\n<!-- end of reports -->)/
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(marked, (_, start, end) => `${start}\n${table}\n${end}`),
  )
}

function execute(...argv: readonly string[]): string {
  return execFileSync(process.execPath, [natsops, ...argv], {env: environment, encoding: 'utf8', stdio: 'pipe'})
}
