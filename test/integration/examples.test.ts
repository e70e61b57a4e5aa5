import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, existsSync, mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {readManifest} from '../../script/manifest.ts'
import {openConfiguration} from '../../src/lib/config.ts'
import {inTurns} from '../../src/lib/domain/in-turns.ts'
import {formatLock} from '../../src/lib/domain/roll/lock.ts'
import {Exit, verdictExits} from '../../src/lib/errors.ts'
import {journalFolder, openJournal} from '../../src/lib/ops/roll/journal.ts'
import {lockParameter} from '../../src/lib/ops/roll/lock.ts'
import {JSON_LINES, LOCKED_LINES, WITHOUT_LINE} from '../support/json-lines.ts'
import {compareShapes, offencesOf, shapeOf} from '../support/json-shape.ts'
import {startLab, type TestLab} from '../support/lab.ts'
import {heldRoll, identity, ROLL} from '../support/roll-events.ts'
import {runCommand} from '../support/run.ts'
import {serviceModule} from '../support/terraform.ts'

/** Not run here: what never ends, what changes the cluster (tests of its own do), and what needs other programs. */
const ELSEWHERE =
  /--watch|--follow|--confirm|^natsops (top|lab up|node session|auth passwd)|lab fault on|--forward|\| (jq|source)|fpath|-- nats /

/** What an example may end with on a cluster that is well but has not what the example calls by name. */
const ANSWERS: readonly number[] = [...Object.values(verdictExits), Exit.refused, Exit.unreachable, Exit.notFound]

/** Usage errors that say: the line is understood, and what it names does not exist here, or nobody can agree to it. */
const NOT_HERE = /--confirm nats-prod|there is no file|is no user of|is no asset with a single replica/

interface Described {
  readonly examples?: readonly string[]
  readonly flags: Readonly<Record<string, unknown>>
}

describe('every command', function () {
  // Some of them ask a hundred command lines, one after the other.
  this.timeout(900_000)
  const commands: Readonly<Record<string, Described>> = JSON.parse(readManifest()).commands
  let lab: TestLab
  let folder: string

  before(async () => {
    // The name that the examples use.
    lab = await startLab({name: 'nats-prod'})
    folder = join(lab.folder, 'work')
    mkdirSync(join(folder, 'clusters'), {recursive: true})
    writeFileSync(join(folder, 'natsops'), `#!/bin/sh\nexec '${process.execPath}' '${process.cwd()}/bin/run.js' "$@"\n`)
    chmodSync(join(folder, 'natsops'), 0o755)
  })
  after(() => lab?.stop())

  const run = async (line: string) => {
    const {axiom: {url = '', token = ''} = {}} = lab.record
    const axiom = {AXIOM_URL: url, AXIOM_TOKEN: token}
    const PATH = `${folder}:${lab.variables.PATH}`
    const env = {...lab.variables, PATH, CLUSTER_NAME: 'nats-prod', ...axiom}
    const child = spawn('sh', ['-c', line], {cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 150_000})
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
    const [output, words, status] = await Promise.all([text(child.stdout), text(child.stderr), closed])
    return {output, words, status}
  }

  /** The lab as a roll leaves it that was held and resumed: a journal, and a lock that anybody may take. */
  const leaveRoll = async () => {
    const {settings, aws} = await lab.cluster()
    const journal = await openJournal(journalFolder(lab.configuration.paths.state, settings.name), ROLL)
    for (const event of heldRoll()) await journal.append(event, {durable: false})
    await journal.close()
    const [started] = heldRoll()
    assert.ok(started?.type === 'started')
    const {roll, cluster, holder, request, at} = started
    const current = {identity: identity('nats-prod-node-2', 2), intended: true, stopped: false}
    const left = {roll, cluster, holder, request, startedAt: at, heartbeatAt: at, current, handedOver: true, beat: 1}
    const text = formatLock({format: 1, ...left, remaining: ['nats-prod-node-2'], done: []})
    const parameters = await (await aws()).parameters()
    await parameters.put(lockParameter(settings), text, {secure: false, overwrite: false})
    return () => parameters.delete(lockParameter(settings))
  }

  it('tells its result under --json by the rules of docs/json.md, in the shape that was approved', async () => {
    const here = process.cwd()
    const aside = join(lab.folder, 'json')
    mkdirSync(aside)
    writeFileSync(join(aside, 'services.tf'), serviceModule('facebox'))
    const {axiom: {url = '', token = ''} = {}} = lab.record
    const variables = {...lab.variables, CLUSTER_NAME: 'nats-prod', AXIOM_URL: url, AXIOM_TOKEN: token}
    const configuration = openConfiguration({variables, home: lab.folder, cwd: aside, temporary: lab.folder})
    const documents = new Map<string, unknown[]>()
    const ask = async (line: string): Promise<readonly string[]> => {
      const [own = '', rest] = line.split(' -- ')
      const words = own.split(' ')
      const id = [3, 2, 1].map((count) => words.slice(0, count).join(':')).find((each) => each in commands)
      assert.ok(id, line)
      const path = join(import.meta.dirname, '../../src/commands', ...id.split(':'))
      const {default: Command} = await import(existsSync(path) ? join(path, 'index.ts') : `${path}.ts`)
      const argv = [...words.slice(id.split(':').length), '--json', ...(rest === undefined ? [] : ['--', rest])]
      const {stdout, stderr} = await runCommand(Command, argv, {configuration})
      const name = id.replaceAll(':', ' ')
      const document = JSON.parse(stdout)
      if (document.error !== undefined) return [`${line}: ${document.error.message}`]
      if (stderr !== '') return [`${line}: ${stderr}`]
      documents.set(name, [...(documents.get(name) ?? []), document])
      return offencesOf(name, document)
    }
    process.chdir(aside)
    const offences: string[] = []
    try {
      for (const line of JSON_LINES) offences.push(...(await ask(line)))
      const clear = await leaveRoll()
      for (const line of LOCKED_LINES) offences.push(...(await ask(line)))
      await clear()
    } finally {
      process.chdir(here)
    }
    assert.deepEqual(offences, [])
    const expected = Object.keys(commands).filter((id) => commands[id]?.flags.json !== undefined)
    assert.deepEqual(
      [...documents.keys(), ...Object.keys(WITHOUT_LINE)].sort(),
      expected.map((id) => id.replaceAll(':', ' ')).sort(),
    )
    const shapes = [...documents].map(([name, each]) => [name, shapeOf(name, each)] as const)
    assert.deepEqual(compareShapes(new Map(shapes)), [])
  })

  for (const line of ['health --json', 'stream list --json', 'report jetstream --csv']) {
    it(`ends where nobody reads what it watches any more: ${line}`, async () => {
      const argv = [...line.split(' '), '--watch', '--interval', '100ms', '--cluster', 'nats-prod']
      const child = spawn(join(folder, 'natsops'), argv, {env: lab.variables, stdio: ['ignore', 'pipe', 'inherit']})
      const patience = setTimeout(() => child.kill('SIGKILL'), 150_000)
      const ended = once(child, 'exit')
      await once(child.stdout, 'data')
      child.stdout.destroy()
      assert.deepEqual(await ended, [Exit.interrupted, null])
      clearTimeout(patience)
    })
  }

  it('ends with its own status however often the terminal hangs up', async () => {
    const argv = ['health', '--json', '--watch', '--interval', '100ms', '--cluster', 'nats-prod']
    const child = spawn(join(folder, 'natsops'), argv, {env: lab.variables, stdio: ['ignore', 'pipe', 'inherit']})
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    child.stdout.resume()
    const hangUps = setInterval(() => child.kill('SIGHUP'), 1)
    const [code, signal] = await ended
    clearInterval(hangUps)
    assert.deepEqual([code, signal], [Exit.interrupted, null])
  })

  it('has examples that are command lines that work', async () => {
    const examples = Object.entries(commands).flatMap(([id, {examples = []}]) =>
      examples.map((example) =>
        example.replaceAll('<%= config.bin %>', 'natsops').replaceAll('<%= command.id %>', id.replaceAll(':', ' ')),
      ),
    )
    const here = examples.filter((line) => !ELSEWHERE.test(line))
    assert.ok(here.length > 80, `${here.length} of ${examples.length} examples`)
    // What the others of authoring need comes first, one after the other.
    const first = ['natsops config init nats-prod', 'natsops cert generate --file cluster.yaml']
    for (const line of first) assert.equal((await run(line)).status, 0, line)
    const rest = here.filter((line) => !first.includes(line))
    const wrong = await inTurns(rest, 2, async (line) => {
      const {output, words, status} = await run(line)
      const isUnderstood = status === Exit.usage && NOT_HERE.test(output + words)
      return isUnderstood || ANSWERS.includes(status ?? -1) ? [] : [`${line}: exit status ${status}\n${words}`]
    })
    assert.deepEqual(wrong.flat(), [])
  })
})
