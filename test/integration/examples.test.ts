import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {copyFile, mkdir, readFile, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {readManifest} from '../../script/manifest.ts'
import {openConfiguration} from '../../src/lib/config.ts'
import {inTurns} from '../../src/lib/domain/in-turns.ts'
import {formatLock} from '../../src/lib/domain/roll/lock.ts'
import {Exit} from '../../src/lib/errors.ts'
import {downLab} from '../../src/lib/ops/lab.ts'
import {journalFolder, openJournal} from '../../src/lib/ops/roll/journal.ts'
import {lockParameter} from '../../src/lib/ops/roll/lock.ts'
import {eventually} from '../support/eventually.ts'
import {CHAINS, DRY, ELSEWHERE, FIRST, LAST, STATUSES} from '../support/example-lines.ts'
import {JSON_LINES, LOCKED_LINES, WITHOUT_LINE} from '../support/json-lines.ts'
import {compareShapes, offencesOf, shapeOf} from '../support/json-shape.ts'
import {startLab, type TestLab} from '../support/lab.ts'
import {newestNatsServer} from '../support/nats-servers.ts'
import {openPty} from '../support/pty.ts'
import {heldRoll, identity, ROLL} from '../support/roll-events.ts'
import {runCommand} from '../support/run.ts'
import {serviceModule} from '../support/terraform.ts'

/** Programs of others that examples name, as far as the examples need them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  nats: 'grep -q "NATS USER JWT" "$NATS_CREDS" && test "$NATS_URL"',
  jq: 'grep .',
  'session-manager-plugin': 'echo 1.2.707.0',
}

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
    const natsops = `exec '${process.execPath}' '${process.cwd()}/bin/run.js' "$@"`
    for (const [name, program] of Object.entries({...PROGRAMS, natsops})) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${program}\n`, {mode: 0o755})
    }
    const journal = await openJournal(journalFolder(lab.configuration.paths.state, lab.name), ROLL)
    for (const event of heldRoll()) await journal.append(event, {durable: false})
    await journal.close()
  })
  after(async () => {
    if (!lab) return
    for (const name of ['lab', 'practice', 'second']) await downLab(lab.context, name)
    await lab.stop()
  })

  const environment = () => {
    const {axiom: {url = '', token = ''} = {}} = lab.record
    const PATH = `${folder}:${lab.variables.PATH}`
    return {
      ...lab.variables,
      PATH,
      CLUSTER_NAME: 'nats-prod',
      AXIOM_URL: url,
      AXIOM_TOKEN: token,
      fpath: join(folder, 'functions'),
    }
  }

  /** As an example stands; what watches is stopped as with Ctrl-C when it has shown its first look. */
  const run = async (line: string) => {
    if (line.startsWith('natsops top')) return lookAtScreen(line)
    const watches = /--watch|--follow/.test(line)
    const words = [
      ...(watches ? ['exec'] : []),
      // One example has a shorter name, for the width of the help.
      line.replace('/media/usb', join(folder, 'usb')).replaceAll(' prod ', ' nats-prod '),
      ...(DRY.includes(line) ? ['--dry-run'] : []),
      // More than a minute on a machine that does much else.
      ...(line.startsWith('natsops lab up') ? ['--timeout', '150s'] : []),
      ...(line.startsWith('eval') ? ['&& test "$NATS_URL"'] : []),
    ]
    const child = spawn('sh', ['-c', words.join(' ')], {
      cwd: folder,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 150_000,
    })
    if (watches) {
      const stop = () => child.killed || child.kill('SIGINT')
      child.stdout.once('data', stop)
      // A list may be empty: then only this is shown.
      child.stderr.on('data', (chunk) => /^source: /m.test(String(chunk)) && stop())
    }
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
    const [output, said, status] = await Promise.all([text(child.stdout), text(child.stderr), closed])
    return {
      output: output + said,
      status,
      isRight: (watches ? [Exit.interrupted] : statusesOf(line)).includes(status ?? -1),
    }
  }

  const lookAtScreen = async (line: string) => {
    const pty = openPty(['sh', '-c', `cd '${folder}' && exec ${line}`], {
      columns: 120,
      rows: 30,
      variables: {...environment(), CI: 'true'},
    })
    try {
      await eventually(`nodes on the screen of ${line}`, () => /nats-prod-node-3/.test(pty.lines().join()) || undefined)
      pty.press('q')
      const {status} = await pty.ended
      return {output: pty.lines().join('\n'), status, isRight: status === 0}
    } finally {
      pty.kill()
    }
  }

  /** The lock of a roll that was held and resumed: anybody may take it. */
  const leaveLock = async () => {
    const {settings, aws} = await lab.cluster()
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
      const file = existsSync(path) ? join(path, 'index.ts') : `${path}.ts`
      const {default: Command} = await import(file)
      const argv = [...words.slice(id.split(':').length), '--json', ...(rest === undefined ? [] : ['--', rest])]
      const {stdout, stderr, exitCode} = await runCommand(Command, argv, {configuration})
      const name = id.replaceAll(':', ' ')
      const document = JSON.parse(stdout)
      if (document.error !== undefined) return [`${line}: ${document.error.message}`]
      if (stderr !== '') return [`${line}: ${stderr}`]
      documents.set(name, [...(documents.get(name) ?? []), document])
      const asksCluster = commands[id]?.flags.cluster !== undefined
      // Under --json nothing is interrupted but what is watched.
      const settlesStatus = /process\.exitCode = (?!Exit\.interrupted)/.test(readFileSync(file, 'utf8'))
      return offencesOf(name, document, {asksCluster, settlesStatus, status: exitCode})
    }
    process.chdir(aside)
    const offences: string[] = []
    try {
      for (const line of JSON_LINES) offences.push(...(await ask(line)))
      const clear = await leaveLock()
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
    const named = [...FIRST, ...CHAINS.flat(), ...LAST, ...DRY, ...Object.keys({...ELSEWHERE, ...STATUSES})]
    assert.deepEqual(
      named.filter((line) => !examples.includes(line)),
      [],
      'no examples any more',
    )
    const wrong: string[] = []
    const ask = async (lines: readonly string[]) => {
      for (const line of lines) {
        const {output, status, isRight} = await run(line)
        if (!isRight) wrong.push(`${line}: exit status ${status}\n${output}`)
      }
    }
    await ask(FIRST.slice(0, 1))
    await describeOrders()
    await ask(FIRST.slice(1))
    await prepareFiles()
    const placed = new Set([...FIRST, ...CHAINS.flat(), ...LAST, ...Object.keys(ELSEWHERE)])
    const rest = examples.filter((line) => !placed.has(line))
    await inTurns([...CHAINS, ...rest.map((line) => [line])], 2, ask)
    await ask(LAST)
    assert.deepEqual(wrong, [])
  })

  /** The service that examples give credentials. */
  const describeOrders = async () => {
    const path = join(folder, 'cluster.yaml')
    const description = await readFile(path, 'utf8')
    await writeFile(path, description.replace('services: []', 'services: [{name: orders}]'))
  }

  /** What examples name that the lines before did not make. */
  const prepareFiles = async () => {
    const place = (...path: readonly string[]) => join(folder, ...path)
    for (const path of ['src', 'functions[1]']) await mkdir(place(path))
    for (const path of ['src/services.tf', 'svc.tf']) await writeFile(place(path), serviceModule('facebox'))
    await symlink(newestNatsServer().path, place('nats-server'))
    for (const name of ['server.crt', 'server.key', 'ca.crt']) {
      await copyFile(place('tls', 'nats-prod-node-1', name), place(name))
    }
    const node = (number: number) => place('deploy', 'nodes', `nats-prod-node-${number}`)
    await copyFile(join(node(1), 'preload.json'), place('preload.json'))
    for (const number of [1, 2, 3]) await copyFile(join(node(number), 'nats-server.conf'), place(`node-${number}.conf`))
    await copyFile(place('node-1.conf'), place('nats.conf'))
  }
})

function statusesOf(line: string): readonly number[] {
  return STATUSES[line]?.status ?? [0]
}
