import assert from 'node:assert/strict'
import {appendFileSync, copyFileSync, existsSync, renameSync, rmSync, writeFileSync} from 'node:fs'
import CredsClean from '../../../src/commands/creds/clean.ts'
import CredsFetch from '../../../src/commands/creds/fetch.ts'
import {makeUser} from '../../support/credentials.ts'
import {FakeMachine, FakeParameterStore} from '../../support/fakes.ts'
import {runCommand} from '../../support/run.ts'

describe('creds clean', () => {
  let machine: FakeMachine
  let store: FakeParameterStore
  const clean = (...argv: string[]) => runCommand(CredsClean, argv, machine.wiring(store))
  const fetch = async (...argv: string[]): Promise<string> => {
    const {stdout} = await runCommand(CredsFetch, ['--cluster', 'c', '--json', ...argv], machine.wiring(store))
    return JSON.parse(stdout).path
  }

  beforeEach(async () => {
    const {jwt, seed} = await makeUser()
    machine = new FakeMachine()
    store = new FakeParameterStore({
      '/nats-cluster/c/admin/nats_admin_jwt': jwt,
      '/nats-cluster/c/admin/nats_admin_nkey_seed': seed,
    })
  })
  afterEach(() => machine[Symbol.dispose]())

  it('removes all that natsops wrote, wherever, and says what', async () => {
    const paths = [await fetch(), await fetch('--out', machine.path('work/x.creds'))] // in the order of their paths, as written at one time
    store.calls.length = 0
    const {stdout, stderr, exitCode} = await clean()
    assert.deepEqual(
      {stdout, stderr, exitCode},
      {stdout: paths.map((path) => `removed ${path}\n`).join(''), stderr: '', exitCode: 0},
    )
    assert.deepEqual(machine.files(), [])
    assert.deepEqual(store.calls, [])
  })

  it('says so when there is nothing, also a second time', async () => {
    const {stdout, stderr, exitCode} = await clean()
    assert.deepEqual({stdout, stderr, exitCode}, {stdout: '', stderr: 'there is nothing to remove\n', exitCode: 0})
    await fetch()
    await clean()
    assert.deepEqual(JSON.parse((await clean('--json')).stdout), {removed: [], left: []})
  })

  it('leaves what was changed, replaced by a copy, or never was ours', async () => {
    const edited = await fetch('--out', machine.path('work/edited.creds'))
    appendFileSync(edited, '# mine\n')
    const copied = await fetch('--out', machine.path('work/copied.creds'))
    copyFileSync(copied, machine.path('work/second.creds'))
    copyFileSync(copied, machine.path('work/third.creds'))
    // Made while ours was there, it cannot have the inode of ours.
    renameSync(machine.path('work/third.creds'), copied)
    const gone = await fetch('--out', machine.path('work/gone.creds'))
    rmSync(gone)
    const {stdout, stderr} = await clean()
    assert.equal(stdout, '')
    const expected = [copied, edited].map((path) => `left ${path}: changed since natsops wrote it\n`)
    assert.equal(stderr, expected.join(''))
    assert.deepEqual(machine.files(), ['work/copied.creds', 'work/edited.creds', 'work/second.creds'])
  })

  it('is not misled by an entry that somebody else put into the ledger', async () => {
    const path = await fetch()
    const victim = machine.path('work/victim')
    writeFileSync(victim, 'precious')
    const entry = {token: 'ab', path: victim, digest: 'ff', inode: '1', writtenAt: 0, expiresAt: 1, owner: null}
    writeFileSync(machine.path('.local/state/natsops/credentials/ab.json'), JSON.stringify(entry))
    writeFileSync(machine.path('.local/state/natsops/credentials/bad.json'), '{')
    const outcome = JSON.parse((await clean('--json')).stdout)
    assert.deepEqual(outcome.removed, [path])
    assert.equal(existsSync(victim), true)
  })
})
