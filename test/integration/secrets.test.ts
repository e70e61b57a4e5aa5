import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {mkdir, readdir, readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {readManifest} from '../../script/manifest.ts'
import {inTurns} from '../../src/lib/domain/in-turns.ts'
import {labFiles} from '../../src/lib/lab/plan.ts'
import {type LabRecord, readRecord} from '../../src/lib/lab/record.ts'
import {downLab} from '../../src/lib/ops/lab.ts'
import {journalFolder} from '../../src/lib/ops/roll/journal.ts'
import {lockParameter} from '../../src/lib/ops/roll/lock.ts'
import {eventually} from '../support/eventually.ts'
import {startLab, type TestLab} from '../support/lab.ts'
import {openPty} from '../support/pty.ts'
import {ASKING, CHAINS, CHANGING, WITHOUT_LINE} from '../support/secret-lines.ts'
import {serviceModule} from '../support/terraform.ts'

type Secret = readonly [name: string, value: string]

interface Described {
  readonly flags: Readonly<Record<string, unknown>>
}

const natsops = join(import.meta.dirname, '../../bin/run.js')

describe('secrets', function () {
  // Each asks all of the lines.
  this.timeout(900_000)
  const commands: Readonly<Record<string, Described>> = JSON.parse(readManifest()).commands
  let lab: TestLab
  let secrets: readonly Secret[]

  before(async () => {
    lab = await startLab()
    const {settings, aws} = await lab.cluster()
    const parameters = await (await (await aws()).parameters()).list(settings.ssmPrefix, {decrypt: true})
    secrets = [
      ...parameters.filter(({secure}) => secure).map(({name, value}): Secret => [name, value.trim()]),
      ...secretsOfRecord(lab.record),
    ]
    assert.ok(secrets.length >= 9, `${secrets.length} secrets`)
  })
  after(async () => {
    if (!lab) return
    await downLab(lab.context, 'second')
    await lab.stop()
  })

  const environment = () => ({
    ...lab.variables,
    DEBUG: '*',
    CLUSTER_NAME: 'lab',
    AXIOM_TOKEN: lab.record.axiom?.token ?? '',
    AXIOM_URL: lab.record.axiom?.url ?? '',
  })

  const commandOf = (line: string): string => {
    const words = line.split(' ')
    const id = [3, 2, 1].map((count) => words.slice(0, count).join(':')).find((each) => each in commands)
    assert.ok(id, line)
    return id
  }

  /** As a user who wants to know everything: --debug, and oclif's own DEBUG. */
  const run = async (line: string, cwd: string, ...flags: readonly string[]): Promise<string> => {
    const [own = '', ...program] = line.split(' -- ')
    const argv = [...own.split(' '), ...flags, '--debug', ...(program.length > 0 ? ['--', ...program] : [])]
    const child = spawn(process.execPath, [natsops, ...argv], {
      cwd,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 150_000,
    })
    return (await Promise.all([text(child.stdout), text(child.stderr)])).join('')
  }

  const holdsNone = (what: string, output: string, all = secrets): void => {
    assert.notEqual(output, '', what)
    for (const [name, value] of all) assert.ok(!output.includes(value), `${what} shows ${name}`)
  }

  const prepareFolder = async (name: string): Promise<string> => {
    const folder = join(lab.folder, name)
    await mkdir(folder)
    await writeFile(join(folder, 'services.tf'), serviceModule('facebox'))
    return folder
  }

  it('are looked for in what every command prints', () => {
    const asked = new Set([...CHAINS.flat(), ...ASKING, ...CHANGING].map(commandOf))
    const all = [...asked, ...Object.keys(WITHOUT_LINE).map((name) => name.replaceAll(' ', ':'))]
    assert.deepEqual(all.sort(), Object.keys(commands).sort())
  })

  it('are in nothing that the replacement of a node prints and leaves', async () => {
    const folder = await prepareFolder('replaced')
    const {settings, aws} = await lab.cluster()
    const parameters = await (await aws()).parameters()
    const replaced = run('node replace 2 --confirm lab --settle 1s --events events.jsonl', folder)
    const name = lockParameter(settings)
    const lock = await eventually('a lock', async () => (await parameters.get([name])).get(name)?.value)
    const output = await replaced
    assert.match(output, /DONE/)
    await run('roll show last --html roll.html', folder)
    const journals = journalFolder(lab.configuration.paths.state, 'lab')
    const [journal = ''] = await readdir(journals)
    const left = [join(journals, journal), join(folder, 'events.jsonl'), join(folder, 'roll.html')]
    holdsNone('node replace', output)
    holdsNone('the lock', lock)
    for (const file of left) holdsNone(file, await readFile(file, 'utf8'))
  })

  for (const flags of [[], ['--json']]) {
    it(`are in nothing that a command prints with --debug ${flags.join(' ')}`, async () => {
      const folder = await prepareFolder(`asked${flags.join('')}`)
      const outputs: (readonly [line: string, output: string])[] = []
      const ask = async (lines: readonly string[]) => {
        for (const line of lines) {
          const can = flags.length === 0 || commands[commandOf(line)]?.flags.json !== undefined
          if (can) outputs.push([line, await run(line, folder, ...flags)])
        }
      }
      await inTurns([...CHAINS, ...ASKING.map((line) => [line])], 2, ask)
      await ask(CHANGING)
      const made = await secretsIn(folder)
      assert.ok(made.length >= 9, `${made.length} secrets`)
      for (const [line, output] of outputs) holdsNone(`natsops ${line}`, output, [...secrets, ...made])
    })
  }

  it('are in nothing that a command prints whom AWS refuses everything', async () => {
    const folder = await prepareFolder('refused')
    await lab.breakIt('access-denied', {value: '*'})
    const lines = ['creds fetch', ...ASKING].filter((line) => commands[commandOf(line)]?.flags.cluster !== undefined)
    await inTurns(lines, 2, async (line) => holdsNone(`natsops ${line}`, await run(line, folder)))
    await lab.mend()
  })

  it('are not on the screen of top', async () => {
    const variables = {...environment(), CI: 'true'}
    const pty = openPty([process.execPath, natsops, 'top', '--debug'], {columns: 200, rows: 50, variables})
    try {
      await eventually('nodes on the screen', () => /lab-node-3/.test(pty.lines().join()) || undefined)
      holdsNone('natsops top', pty.lines().join(''))
      pty.press('q')
      await pty.ended
      holdsNone('natsops top, at its end', pty.lines().join(''))
    } finally {
      pty.kill()
    }
  })

  it('of a new lab are in nothing that its start and its end print', async () => {
    const up = await run('lab up second --nodes 1 --timeout 150s', lab.folder)
    const files = labFiles(lab.configuration.paths.labs, 'second')
    const record = await readRecord(files)
    assert.ok(record)
    const made = [...secretsOfRecord(record), ...(await secretsIn(files.folder))]
    const down = await run('lab down second', lab.folder)
    holdsNone('natsops lab up', up, made)
    holdsNone('natsops lab down', down, made)
  })
})

function secretsOfRecord({control, aws, axiom}: LabRecord): readonly Secret[] {
  return [
    ['the key of the control API', control.key],
    ['the secret access key', aws.secretAccessKey],
    ...(axiom ? [['the Axiom token', axiom.token] as const] : []),
  ]
}

/** Seeds, private keys and passwords in the files of a folder. */
async function secretsIn(folder: string): Promise<readonly Secret[]> {
  const found: Secret[] = []
  for (const name of await readdir(folder, {recursive: true})) {
    const path = join(folder, name)
    if (!(await stat(path)).isFile()) continue
    const content = await readFile(path, 'utf8')
    const seeds = content.match(/\bS[AOU][A-Z2-7]{56}\b/g) ?? []
    const keys = [...content.matchAll(/PRIVATE KEY-----\n([^\n]+)/g)].map(([, line = '']) => line)
    const passwords = name.endsWith('.password') ? [content.trim()] : []
    for (const value of [...seeds, ...keys, ...passwords]) found.push([name, value])
  }
  return found
}
