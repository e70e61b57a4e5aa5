import assert from 'node:assert/strict'
import {existsSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {formatCredentials} from '../../../src/lib/domain/credentials-format.ts'
import {eventually} from '../../support/eventually.ts'
import {adminNames, FetchScene} from '../../support/fetch-scene.ts'

describe('creds fetch', () => {
  let scene: FetchScene
  beforeEach(async () => {
    scene = await FetchScene.open()
  })
  afterEach(() => scene[Symbol.dispose]())

  describe('its own file', () => {
    it('is replaced by the next fetch', async () => {
      await scene.run([])
      scene.store.set(adminNames[0], scene.facebox.jwt)
      scene.store.set(adminNames[1], scene.facebox.seed)
      assert.equal((await scene.run([])).exitCode, 0)
      const path = scene.machine.path('run/natsops/creds/nats-prod-admin.creds')
      assert.equal(readFileSync(path, 'utf8'), formatCredentials(scene.facebox))
      assert.equal(scene.machine.files().length, 2)
    })

    it('is not replaced once somebody else has changed it', async () => {
      await scene.run([])
      writeFileSync(scene.machine.path('run/natsops/creds/nats-prod-admin.creds'), 'mine now')
      await scene.assertRefused([], 'FILE_EXISTS', 3, /admin\.creds is there already and natsops did not write it/)
    })

    it('is removed when its life time is over, by a process of its own', async () => {
      scene.machine.clock.time = Date.now()
      const {path, removedAt} = JSON.parse((await scene.run(['--ttl', '1s', '--json'])).stdout)
      assert.equal(Math.abs(Date.parse(removedAt) - scene.machine.clock.time - 1000) < 1000, true)
      await eventually('the file and its entry are gone', () => scene.machine.files().length === 0)
      assert.equal(existsSync(path), false)
    })

    it('is removed by the next run, should that process not have lived', async () => {
      scene.machine.clock.time = Date.now() + 60_000
      const {path} = JSON.parse((await scene.run(['--ttl', '1h', '--json'])).stdout)
      scene.machine.clock.time += 3_600_001
      await scene.run(['--out', scene.machine.path('work/other.creds')])
      assert.equal(existsSync(path), false)
    })

    it('outlives the life time of the one it has replaced', async () => {
      scene.machine.clock.time = Date.now()
      const out = ['--out', scene.machine.path('work/x.creds')]
      await scene.run([...out, '--ttl', '1s'])
      await scene.run(out)
      scene.machine.clock.time += 10_000
      await scene.run(['--service', 'facebox'])
      assert.equal(existsSync(scene.machine.path('work/x.creds')), true)
    })
  })

  describe('--out', () => {
    const out = () => scene.machine.path('work/x.creds')

    it('writes there, relative to nothing but the working folder, and may replace its own', async () => {
      assert.equal((await scene.run(['--out', out()])).exitCode, 0)
      assert.equal((await scene.run(['--out', out()])).exitCode, 0)
      assert.equal(readFileSync(out(), 'utf8'), formatCredentials(scene.admin))
    })

    it('never replaces a file of somebody else, without --force', async () => {
      writeFileSync(out(), 'theirs')
      await scene.assertRefused(
        ['--out', out()],
        'FILE_EXISTS',
        3,
        /x\.creds is there already and natsops did not write it/,
      )
      assert.equal(readFileSync(out(), 'utf8'), 'theirs')
      assert.equal((await scene.run(['--out', out(), '--force'])).exitCode, 0)
      assert.equal(readFileSync(out(), 'utf8'), formatCredentials(scene.admin))
      assert.equal(statSync(out()).mode & 0o777, 0o600)
    })

    it('does not take an identical file of somebody else for its own', async () => {
      writeFileSync(out(), formatCredentials(scene.admin))
      await scene.assertRefused(['--out', out()], 'FILE_EXISTS', 3, /natsops did not write it/)
    })

    for (const kind of ['to a file', 'to nowhere', 'to a folder'] as const) {
      it(`never writes through a symlink ${kind}`, async () => {
        const target = scene.machine.path('work/target')
        if (kind === 'to a file') writeFileSync(target, 'theirs')
        if (kind === 'to a folder') mkdirSync(target)
        symlinkSync(target, out())
        await scene.assertRefused(['--out', out()], 'FILE_EXISTS', 3, /x\.creds is there already/)
        assert.equal(lstatSync(out()).isSymbolicLink(), true)
        assert.equal((await scene.run(['--out', out(), '--force'])).exitCode, 0)
        assert.equal(lstatSync(out()).isFile(), true)
        if (kind === 'to a file') assert.equal(readFileSync(target, 'utf8'), 'theirs')
      })
    }

    it('refuses a folder, a device, a folder that is missing, and one that it may not write to', async () => {
      mkdirSync(scene.machine.path('work/folder'))
      for (const force of [[], ['--force']]) {
        const folder = ['--out', scene.machine.path('work/folder'), ...force]
        await scene.assertRefused(folder, 'PATH_NOT_USABLE', 2, /--out ".*\/work\/folder" is a folder/)
        await scene.assertRefused(['--out', '', ...force], 'PATH_NOT_USABLE', 2, /--out "" is a folder/)
        await scene.assertRefused(['--out', '/dev/null', ...force], 'PATH_NOT_USABLE', 2, /"\/dev\/null" is not a file/)
      }
      const missing = ['--out', scene.machine.path('work/none/x.creds')]
      await scene.assertRefused(missing, 'PATH_NOT_USABLE', 2, /none\/x\.creds: there is no such folder/)
      const readOnly = ['--out', '/proc/x.creds']
      if (process.platform === 'linux')
        await scene.assertRefused(readOnly, 'PATH_NOT_USABLE', 2, /cannot write \/proc\/x\.creds/)
    })
  })
})
