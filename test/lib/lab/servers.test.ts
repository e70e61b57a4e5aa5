import assert from 'node:assert/strict'
import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {findNatsServer} from '../../../src/lib/lab/servers.ts'

describe('findNatsServer', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'natsops-servers-'))
  })
  afterEach(() => rmSync(folder, {recursive: true, force: true}))

  const search = (given: Partial<Parameters<typeof findNatsServer>[0]>) =>
    findNatsServer({
      path: undefined,
      version: undefined,
      environment: undefined,
      searchPath: undefined,
      cacheFolder: join(folder, 'cache'),
      ...given,
    })
  const install = (path: string, version: string) => {
    const file = join(folder, path, 'nats-server')
    mkdirSync(dirname(file), {recursive: true})
    writeFileSync(file, `#!/bin/sh\necho 'nats-server: v${version}'\n`)
    chmodSync(file, 0o755)
    return file
  }

  it('prefers the named one, then the environment, then PATH, then the newest of the cache', async () => {
    const path = install('own', '2.12.0')
    const environment = install('env', '2.11.0')
    const onPath = install('bin', '2.10.1')
    install('cache/2.9.9', '2.9.9')
    install('cache/2.10.27', '2.10.27')
    const newest = install('cache/2.15.1', '2.15.1')
    const searchPath = `/nonexistent:${dirname(onPath)}`
    assert.deepEqual(await search({path, environment, searchPath}), {path, version: '2.12.0'})
    assert.deepEqual(await search({environment, searchPath}), {path: environment, version: '2.11.0'})
    assert.deepEqual(await search({searchPath}), {path: onPath, version: '2.10.1'})
    assert.deepEqual(await search({}), {path: newest, version: '2.15.1'})
  })

  it('takes only the version or series that is asked for', async () => {
    const environment = install('env', '2.11.0')
    const old = install('cache/2.10.27', '2.10.27')
    install('cache/2.15.1', '2.15.1')
    assert.equal((await search({environment, version: '2.10'})).path, old)
    assert.equal((await search({environment, version: '2.10.27'})).path, old)
    await assert.rejects(search({environment, version: '2.1'}), {code: 'NATS_SERVER_NOT_FOUND', exit: 9})
    await assert.rejects(search({version: '>=2'}), {
      message: "'>=2' is not a nats-server version; write it as 2.15 or 2.15.1",
      exit: 2,
    })
  })

  it('passes over a server on PATH that is too old, and one that is no server', async () => {
    const old = install('bin', '2.9.25')
    const newest = install('cache/2.10.1', '2.10.1')
    install('cache/broken', 'not a version')
    assert.equal((await search({searchPath: dirname(old)})).path, newest)
  })

  it('says what it found where nothing fits, and how to get one', async () => {
    const old = install('bin', '2.9.25')
    await assert.rejects(search({searchPath: dirname(old)}), {
      message: `there is no nats-server 2.10 or newer on this machine; found 2.9.25 at ${old}`,
      code: 'NATS_SERVER_NOT_FOUND',
      suggestions: [
        'script/bootstrap (in a checkout of natsops)',
        'brew install nats-server',
        'apt-get install nats-server',
        'natsops lab up --nats-server /path/to/nats-server',
      ],
    })
    await assert.rejects(search({}), {message: 'there is no nats-server 2.10 or newer on this machine'})
  })

  it('refuses a named server that cannot run, is none or is too old, and looks no further', async () => {
    install('cache/2.15.1', '2.15.1')
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const refusals = [
      [join(folder, 'none'), /none cannot be run as nats-server: there is no such file/],
      [folder, /cannot be run as nats-server: it is not a file/],
      [file, /cannot be run as nats-server: it is not executable/],
      ['/bin/true', /cannot be run as nats-server: it does not say it is a nats-server/],
      [install('old', '2.9.0'), /is nats-server 2\.9\.0, 2\.10 or newer is needed/],
    ] as const
    for (const [path, message] of refusals) {
      await assert.rejects(search({path}), {message, code: 'NATS_SERVER_NOT_USABLE', exit: 2})
    }
    await assert.rejects(search({environment: join(folder, 'none')}), {code: 'NATS_SERVER_NOT_USABLE'})
  })
})
