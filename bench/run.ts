/**
 * bench/run.ts [--rounds N] [--write]: how long natsops takes beside the least and beside the way it replaces.
 *
 * Each round runs every case once, so that a noisy machine is noisy for all of them; the numbers are medians, and what
 * counts are their ratios within one run. Compile cache and file cache are warm: every case runs once beforehand.
 * The second table is the most memory of one run of each main command, by GNU time. --write puts the tables into
 * docs/performance.md. Needs a build; brings up a lab of its own.
 */
import {execFileSync, spawnSync} from 'node:child_process'
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {cpus, tmpdir} from 'node:os'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {eventually} from '../test/support/eventually.ts'
import {openPty} from '../test/support/pty.ts'

interface Case {
  readonly name: string
  readonly argv: readonly [string, ...string[]]
  /** The case whose median this one's is divided by, and the ratio to stay under. */
  readonly against?: {readonly name: string; readonly aim?: number}
}

/** What the runbook does by hand, word for word but for the names. */
const runbook = `set -e
NATS_HOST=$(aws ssm get-parameter --name "$SSM_PREFIX/services/facebox/nats_host" --query Parameter.Value --output text)
ADMIN_JWT=$(aws ssm get-parameter --name "$SSM_PREFIX/admin/nats_admin_jwt" --with-decryption --query Parameter.Value --output text)
ADMIN_NKEY=$(aws ssm get-parameter --name "$SSM_PREFIX/admin/nats_admin_nkey_seed" --with-decryption --query Parameter.Value --output text)
umask 077
printf '%s\\n' "$NATS_HOST" "$ADMIN_JWT" "$ADMIN_NKEY" > "$1"`

const {values} = parseArgs({
  options: {rounds: {type: 'string', default: '15'}, write: {type: 'boolean', default: false}},
})
const GNU_TIME = '/usr/bin/time'
const root = join(import.meta.dirname, '..')
const natsops = join(root, 'bin/run.js')
const lab = 'bench'
const folder = mkdtempSync(join(tmpdir(), 'natsops-bench-'))
const environment: NodeJS.ProcessEnv = {...process.env, XDG_STATE_HOME: join(folder, 'state')}

try {
  execute('lab', 'up', lab)
  const {set} = JSON.parse(execute('lab', 'env', lab, '--json')) as {set: Record<string, string>}
  Object.assign(environment, set)
  const cases = listCases()
  const speed = renderTable(cases, measure(cases, Number(values.rounds)))
  const table = existsSync(GNU_TIME) ? `${speed}\n\n${renderMemory(await measureMemory())}` : speed
  console.log(table)
  if (values.write) writeTable(table)
} finally {
  execute('lab', 'down', lab)
  rmSync(folder, {recursive: true, force: true})
}

function listCases(): readonly Case[] {
  const node = process.execPath
  const creds = join(folder, 'admin.creds')
  const bare = 'node -e 0'
  const fetch = 'natsops creds fetch'
  const cases: readonly Case[] = [
    {name: bare, argv: [node, '-e', '0']},
    {name: 'natsops --version', argv: [node, natsops, '--version'], against: {name: bare, aim: 2}},
    {name: 'natsops health --help', argv: [node, natsops, 'health', '--help'], against: {name: bare, aim: 2}},
    {name: 'natsops health (first sign to verdict)', argv: healthArgv(node), against: {name: bare, aim: 6}},
    {name: fetch, argv: [node, natsops, 'creds', 'fetch', '--out', creds, '--force'], against: {name: bare}},
  ]
  if (spawnSync('aws', ['--version']).status !== 0) return cases
  const byHand = 'the runbook: 3 x aws ssm get-parameter'
  return [
    ...cases.slice(0, -1),
    {name: fetch, argv: cases.at(-1)?.argv ?? [node], against: {name: byHand, aim: 0.2}},
    {name: byHand, argv: ['bash', '-c', runbook, 'runbook', join(folder, 'by-hand.creds')]},
  ]
}

/** health looks twice, an interval apart: here the shortest it takes. */
function healthArgv(node: string): Case['argv'] {
  return [node, natsops, 'health', '--cluster', lab, '--interval', '100ms']
}

/** Medians in milliseconds, by name. */
function measure(cases: readonly Case[], rounds: number): ReadonlyMap<string, number> {
  const times = new Map(cases.map(({name}) => [name, [] as number[]]))
  for (let round = 0; round <= rounds; round++) {
    for (const {name, argv} of cases) {
      const started = performance.now()
      const {status, stderr} = spawnSync(argv[0], argv.slice(1), {env: environment, encoding: 'utf8'})
      if (status !== 0) throw new Error(`${name} failed with ${status}: ${stderr}`)
      if (round > 0) times.get(name)?.push(performance.now() - started)
    }
  }
  return new Map([...times].map(([name, list]) => [name, median(list)]))
}

/** Peak resident memory in MiB, by what was run. */
async function measureMemory(): Promise<ReadonlyMap<string, number>> {
  const about = ['--cluster', lab]
  const commands: readonly (readonly string[])[] = [
    ['--version'],
    ['health', '--help'],
    ['creds', 'fetch', '--out', join(folder, 'admin.creds'), '--force'],
    ['node', 'list'],
    ['stream', 'list'],
    ['report', 'streams'],
    ['health', '--interval', '100ms'],
    ['doctor'],
    ['roll', '--dry-run'],
  ]
  const rss = join(folder, 'rss')
  const peaks = new Map<string, number>()
  for (const argv of commands) {
    const whole = argv.some((word) => word === '--version' || word === '--help') ? argv : [...argv, ...about]
    const command = [process.execPath, natsops, ...whole]
    // The exit status is the command's own: a lab need not please doctor.
    spawnSync(GNU_TIME, ['-q', '-f', '%M', '-o', rss, ...command], {env: environment, stdio: 'ignore'})
    const name = `natsops ${argv.filter((word) => !word.startsWith(folder) && word !== '--out').join(' ')}`
    peaks.set(name, Number(readFileSync(rss, 'utf8')) / 1024)
  }
  const top = openPty([GNU_TIME, '-q', '-f', '%M', '-o', rss, process.execPath, natsops, 'top', ...about], {
    columns: 120,
    rows: 40,
    variables: environment as Record<string, string>,
  })
  await eventually('a frame', () => top.lines().some((line) => line.includes('node-3')))
  top.press('q')
  await top.ended
  peaks.set('natsops top, until its first frame', Number(readFileSync(rss, 'utf8')) / 1024)
  return peaks
}

function renderMemory(peaks: ReadonlyMap<string, number>): string {
  const rows = [...peaks].map(([name, peak]) => `| ${name} | ${peak.toFixed(0)} MiB |`)
  return ['| what | peak memory |', '| --- | --: |', ...rows].join('\n')
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN
}

function renderTable(cases: readonly Case[], medians: ReadonlyMap<string, number>): string {
  const rows = cases.map(({name, against}) => {
    const time = medians.get(name) ?? Number.NaN
    if (!against) return [name, `${time.toFixed(0)} ms`, '', '']
    const ratio = time / (medians.get(against.name) ?? Number.NaN)
    return [
      name,
      `${time.toFixed(0)} ms`,
      `${ratio.toFixed(2)} x ${against.name}`,
      against.aim ? `< ${against.aim}` : '',
    ]
  })
  const machine = `${cpus().length} cores, Node ${process.versions.node}, ${values.rounds} rounds`
  const lines = [['what', 'median', 'ratio', 'aim'], ['---', '--:', '---', '---'], ...rows]
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n\nMedians within one run: ${machine}.`
}

function writeTable(table: string): void {
  const file = join(root, 'docs/performance.md')
  const marked = /(<!-- bench\/run.ts -->\n)[\s\S]*(\n<!-- end -->)/
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(marked, (_, start, end) => `${start}\n${table}\n${end}`),
  )
}

function execute(...argv: readonly string[]): string {
  return execFileSync(process.execPath, [natsops, ...argv], {env: environment, encoding: 'utf8', stdio: 'pipe'})
}
