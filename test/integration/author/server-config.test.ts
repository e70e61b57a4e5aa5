import assert from 'node:assert/strict'
import {execFile, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {createAuthority, unlimitedJetStream} from '../../../src/lib/author/authority.ts'
import {
  type AuthorityPreload,
  renderServerConfig,
  type ServerDescription,
} from '../../../src/lib/author/server-config.ts'
import {eventually} from '../../support/eventually.ts'
import {natsServerOf} from '../../support/nats-servers.ts'
import {testPorts} from '../../support/ports.ts'

for (const series of ['2.10', '2.15'] as const) {
  describe(`a rendered configuration on nats-server ${series}`, () => {
    const server = natsServerOf(series)
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'natsops-author-'))
    })
    afterEach(() => rmSync(folder, {recursive: true, force: true}))

    const write = (description: ServerDescription): string => {
      const path = join(folder, 'nats.conf')
      writeFileSync(path, renderServerConfig(description))
      return path
    }

    it('is valid with everything in it', async () => {
      const path = write({
        ...(await describeServer(folder)),
        cluster: {
          name: 'blue',
          listen: {host: '127.0.0.1', port: 1},
          routes: [
            {host: '127.0.0.1', port: 1},
            {host: '::1', port: 2},
          ],
        },
        log: {file: join(folder, 'nats.log'), maxBytes: 1_000_000, keep: 2},
        pidFile: join(folder, 'nats.pid'),
        lameDuck: {duration: 30_000, gracePeriod: 5000},
      })
      const {stderr} = await promisify(execFile)(server.path, ['-t', '-c', path])
      assert.match(stderr, /is valid/)
    })

    it('is refused by the server where a JWT is not of the operator', async () => {
      const description = await describeServer(folder)
      const stranger = await describeServer(folder)
      const authority = {...authorityOf(description), operatorJwt: authorityOf(stranger).operatorJwt}
      const path = write({...description, auth: {mode: 'operator', authority}})
      const child = spawn(server.path, ['-c', path], {stdio: 'ignore'})
      const [code] = await once(child, 'exit')
      assert.equal(code, 1)
    })

    it('is read back as it was meant, whatever is in a name', async () => {
      const store = join(folder, `we"ird $HOME #1 'q' \\ é {x} ; \u0001\ttab\nline`)
      mkdirSync(store)
      const description = await describeServer(store)
      const child = spawn(server.path, ['-c', write(description)], {stdio: 'ignore'})
      try {
        const jsz = await eventually('the server answers', async () => {
          const response = await fetch(`http://127.0.0.1:${description.monitor.port}/jsz`)
          return (await response.json()) as {config: {store_dir: string; max_storage: number; max_memory: number}}
        })
        const {store_dir, max_storage, max_memory} = jsz.config
        assert.deepEqual(
          {store_dir, max_storage, max_memory},
          {
            store_dir: join(store, 'jetstream'),
            max_storage: 5_000_000_000,
            max_memory: 1_000_000,
          },
        )
      } finally {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }
    })
  })
}

async function describeServer(storeDirectory: string): Promise<ServerDescription> {
  const {preload} = await createAuthority({
    operator: 'blue',
    systemAccount: 'SYS',
    accounts: [
      {name: 'SYS', users: []},
      {name: 'APP', jetStream: unlimitedJetStream, users: []},
    ],
  })
  const [client = 0, monitor = 0] = await testPorts(2)
  return {
    name: 'blue-node-1',
    listen: {host: '127.0.0.1', port: client},
    monitor: {host: '127.0.0.1', port: monitor},
    jetStream: {storeDirectory, maxFileStore: 5_000_000_000, maxMemoryStore: 1_000_000},
    auth: {mode: 'operator', authority: preload},
  }
}

function authorityOf({auth}: ServerDescription): AuthorityPreload {
  assert.ok(auth.mode === 'operator' && !('include' in auth.authority))
  return auth.authority
}
