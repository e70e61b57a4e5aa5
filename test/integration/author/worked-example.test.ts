import assert from 'node:assert/strict'
import {type ChildProcess, execFile, spawn} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {delimiter, join} from 'node:path'
import {promisify} from 'node:util'
import {connect, credsAuthenticator, type NatsConnection} from 'nats'
import {killAll} from '../../support/children.ts'
import {eventually} from '../../support/eventually.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {monitorPage} from '../../support/generated-cluster.ts'
import {natsCli, newestNatsServer} from '../../support/nats-servers.ts'
import {testPorts} from '../../support/ports.ts'

const PORTS = [4222, 4223, 4224, 6222, 6223, 6224, 8222, 8223, 8224]
const NATSOPS = join(import.meta.dirname, '../../support/natsops.ts')

describe('the worked example of docs/authoring.md', function () {
  this.slow(30_000)
  this.timeout(900_000)
  const folder = temporaryFolder()
  const servers: ChildProcess[] = []
  let log = ''
  after(async () => {
    await killAll(servers)
    folder[Symbol.dispose]()
  })

  it('goes from nothing to a cluster with TLS in operator mode, and rotates a user', async () => {
    const ports = await testPorts(PORTS.length)
    const text = readFileSync(join(import.meta.dirname, '../../../docs/authoring.md'), 'utf8')
    const [, example = ''] = /^## Worked example[^\n]*\n(.*?)^## /ms.exec(text) ?? []
    const here = example
      .replaceAll('/home/me/demo', folder.path)
      .replace(/\b[468]22[234]\b/g, (port) => String(ports[PORTS.indexOf(Number(port))]))
    const [, description = ''] = /^```yaml\n(.*?)^```/ms.exec(here) ?? []
    const lines = [...here.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n'))
    assert.deepEqual([lines.length, lines.filter((line) => line.endsWith(' &')).length], [16, 3])
    writeFileSync(join(folder.path, 'cluster.yaml'), description)
    const env = environment(folder.path)
    const natsIsThere = natsCli() !== undefined
    const inFolder = (name: string): string => join(folder.path, name)
    const ca = inFolder('tls/demo-1/ca.crt')

    for (const line of lines) {
      if (line.endsWith(' &')) {
        const server = spawn('sh', ['-c', `exec ${line.slice(0, -2)}`], {
          cwd: folder.path,
          env,
          stdio: ['ignore', 'ignore', 'pipe'],
        })
        server.stderr?.on('data', (chunk) => {
          log += String(chunk)
        })
        servers.push(server)
        continue
      }
      const isNats = line.startsWith('nats ')
      if (isNats && !natsIsThere) continue
      if (isNats) {
        for (const port of ports.slice(6)) {
          await eventually('a server is healthy', async () => (await monitorPage(port, '/healthz', ca)).status === 'ok')
        }
      }
      const run = () => promisify(execFile)('sh', ['-c', line], {cwd: folder.path, env})
      // A cluster that has just formed may not know of all its servers yet.
      await (isNats ? eventually(line, run) : run()).catch((error) => {
        assert.fail(`${line}\n${error.stderr ?? error.cause?.stderr}\n${log}`)
      })
    }
    if (!natsIsThere) console.log('      (without the lines of the nats CLI, which is not on this machine)')

    const login = (creds: string, node: number): Promise<NatsConnection> =>
      connect({
        servers: `tls://localhost:${ports[node]}`,
        tls: {caFile: ca},
        authenticator: credsAuthenticator(readFileSync(inFolder(creds))),
        reconnect: false,
        timeout: 30_000,
      })
    for (const node of [0, 1, 2]) {
      await eventually('the old credentials are refused', async () => {
        const error = await login('old.creds', node).then((client) => client.close(), String)
        return typeof error === 'string' && /Authorization Violation/i.test(error)
      })
      const service = await login('auth/creds/services/orders.creds', node)
      await service.close()
    }
    const admin = await login('auth/creds/admin.creds', 1)
    if (natsIsThere) {
      const {config, state} = await eventually('an answer', async () => {
        return (await admin.jetstreamManager()).streams.info('ORDERS')
      })
      assert.deepEqual([config.num_replicas, state.messages], [3, 2])
    }
    await admin.close()
    assert.equal(existsSync(inFolder('auth/keys/root/operator.nk')), true)
    await assert.rejects(connect({servers: `localhost:${ports[0]}`, tls: {caFile: ca}, timeout: 30_000}), /authoriz/i)
  })
})

/** natsops from its sources, the newest server and the nats CLI by their names, and nothing of who runs the test. */
function environment(folder: string): Readonly<Record<string, string>> {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  symlinkSync(newestNatsServer().path, join(bin, 'nats-server'))
  const cli = natsCli()
  if (cli !== undefined) symlinkSync(cli, join(bin, 'nats'))
  const natsops = `exec '${process.execPath}' '${NATSOPS}'`
  writeFileSync(
    join(bin, 'natsops'),
    `#!/bin/sh
if [ "$1 $2" = "auth user" ]; then sub=$3; shift 3; ${natsops} auth "user/$sub" "$@"; fi
${natsops} "$@"
`,
  )
  chmodSync(join(bin, 'natsops'), 0o755)
  return {PATH: [bin, process.env.PATH ?? ''].join(delimiter), HOME: folder}
}
