import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {eventually} from '../../support/eventually.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {type Instances, region, startInstances} from '../../support/instances.ts'

/** Stands in for session-manager-plugin: writes down what it was given, then does what the test says. */
const plugin = (version: string, then: string): string => `#!/bin/sh
if [ "$1" = --version ]; then echo '${version}'; exit 0; fi
printf '%s\\n' "$@" > "$OUT/argv"
printf '%s' "$AWS_SSM_START_SESSION_RESPONSE" > "$OUT/response"
echo started
${then}
`

describe('node session', function () {
  this.slow(3000)
  let instances: Instances
  let folder: ReturnType<typeof temporaryFolder>
  const children: ChildProcess[] = []
  before(async () => {
    instances = await startInstances()
  })
  after(() => instances[Symbol.asyncDispose]())
  beforeEach(() => {
    folder = temporaryFolder()
    instances.faults.switchOff()
  })
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    folder[Symbol.dispose]()
  })

  const install = (then: string, version = '1.2.650.0'): void => {
    const path = join(folder.path, 'session-manager-plugin')
    writeFileSync(path, plugin(version, then))
    chmodSync(path, 0o755)
  }
  const start = (argv: readonly string[]): ChildProcess => {
    const program = join(import.meta.dirname, '../../support/natsops.ts')
    const env = {...instances.environment, OUT: folder.path, PATH: `${folder.path}:/usr/bin:/bin`}
    const child = spawn(process.execPath, [program, 'node', 'session', ...argv], {
      env,
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    return child
  }
  const outcomeOf = async (child: ChildProcess) => {
    const text = {stdout: '', stderr: ''}
    child.stdout?.on('data', (chunk) => {
      text.stdout += chunk
    })
    child.stderr?.on('data', (chunk) => {
      text.stderr += chunk
    })
    const [status] = await once(child, 'close')
    return {...text, status}
  }
  const open = (...argv: string[]) => outcomeOf(start(argv))
  const written = (name: string): string => readFileSync(join(folder.path, name), 'utf8')
  const session = () => instances.world.sessions.list()[0]

  it("hands AWS's answer to the plugin in its environment, and never as an argument", async () => {
    install('exit 0')
    const {stdout, stderr, status} = await open('2')
    assert.deepEqual([stdout, stderr, status], ['started\n', `session on c-node-2 (${instances.idOf(2)})\n`, 0])
    assert.deepEqual(written('argv').split('\n'), [
      'AWS_SSM_START_SESSION_RESPONSE',
      region,
      'StartSession',
      '',
      JSON.stringify({Target: instances.idOf(2)}),
      instances.url,
      '',
    ])
    const {id = '', token = '', instanceId} = session() ?? {}
    assert.equal(instanceId, instances.idOf(2))
    const {SessionId, TokenValue, StreamUrl} = JSON.parse(written('response'))
    assert.deepEqual([SessionId, TokenValue], [id, token])
    assert.match(StreamUrl, /^wss:/)
    assert.ok(!`${written('argv')}${stdout}${stderr}`.includes(token))
  })

  it('forwards a port', async () => {
    install('exit 0')
    assert.equal((await open('1', '--forward', '18222:8222')).status, 0)
    const {document, parameters} = session() ?? {}
    assert.equal(document, 'AWS-StartPortForwardingSession')
    assert.deepEqual(parameters, {portNumber: ['8222'], localPortNumber: ['18222']})
    assert.deepEqual(JSON.parse(written('argv').split('\n')[4] ?? ''), {
      Target: instances.idOf(1),
      DocumentName: 'AWS-StartPortForwardingSession',
      Parameters: {portNumber: ['8222'], localPortNumber: ['18222']},
    })
  })

  it('ends a session that the plugin leaves behind: it fails, or is killed', async () => {
    install('exit 3')
    assert.equal((await open('1')).status, 3)
    assert.equal(session()?.state, 'Terminated')
    install('kill -KILL $$')
    assert.equal((await open('1')).status, 137)
    assert.equal(session()?.state, 'Terminated')
  })

  it('leaves the end of a session to a plugin that ends well', async () => {
    install('exit 0')
    await open('1')
    assert.equal(session()?.state, 'Active')
  })

  it('ends the session where the plugin is gone between its version and its start', async () => {
    install('exit 0')
    const path = join(folder.path, 'session-manager-plugin')
    writeFileSync(path, `#!/bin/sh\nrm -f '${path}'\necho 1.2.650.0\n`)
    const before = session()?.id
    const {status, stderr} = await open('1')
    assert.equal(status, 127)
    assert.match(stderr, /error: cannot run session-manager-plugin: command not found/)
    assert.notEqual(session()?.id, before)
    assert.equal(session()?.state, 'Terminated')
  })

  it('passes signals on to the plugin and waits for it', async () => {
    install('trap "echo bye; exit 9" TERM; : > "$OUT/ready"; while :; do sleep 0.05; done')
    const child = start(['1'])
    const outcome = outcomeOf(child)
    await eventually('the plugin', () => existsSync(join(folder.path, 'ready')))
    child.kill('SIGTERM')
    const {stdout, status} = await outcome
    assert.deepEqual([stdout, status], ['started\nbye\n', 9])
  })

  it('starts no session without the plugin, and says how to get it', async () => {
    rmSync(join(folder.path, 'session-manager-plugin'), {force: true})
    const before = session()?.id
    const {status, stderr} = await open('1')
    assert.equal(status, 9)
    assert.match(stderr, /^error: the Session Manager plugin is not installed.*\n {2}try: /)
    assert.equal(session()?.id, before)
  })

  for (const version of ['1.2.497.0', 'no version']) {
    it(`starts no session with the plugin ${version}, which would take the answer as an argument`, async () => {
      install('exit 0', version)
      const before = session()?.id
      const {status, stderr} = await open('1')
      assert.equal(status, 3)
      assert.match(
        stderr,
        new RegExp(`^error: session-manager-plugin is ${version}, 1\\.2\\.536\\.0 or newer is needed\n`),
      )
      assert.equal(session()?.id, before)
    })
  }

  it('says what is in the way: no agent, no such node, no port', async () => {
    install('exit 0')
    instances.faults.switchOn({name: 'agent-lost', node: 'c-node-1'})
    const lost = await open('1')
    assert.equal(lost.status, 7)
    assert.match(lost.stderr, /^session on .*\nerror: ssm:StartSession on i-\S+ in us-east-2: no SSM agent answers/)
    const unknown = await open('9')
    assert.equal(unknown.status, 9)
    assert.match(unknown.stderr, /there are c-node-1, c-node-2, c-node-3/)
    const wrong = await open('1', '--forward', '0:1')
    assert.equal(wrong.status, 2)
    assert.match(wrong.stderr, /^error: --forward 0:1: not two ports between 1 and 65535\n/)
  })
})
