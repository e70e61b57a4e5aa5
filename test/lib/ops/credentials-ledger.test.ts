import assert from 'node:assert/strict'
import {existsSync, mkdirSync, readdirSync, renameSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {temporaryPath} from '../../../src/lib/files.ts'
import {listEntries, stateOf, sweep, writeRecorded} from '../../../src/lib/ops/credentials-ledger.ts'
import {temporaryFolder} from '../../support/folder.ts'

describe('credentials ledger', () => {
  let folder: ReturnType<typeof temporaryFolder>
  const ledger = (): string => join(folder.path, 'state', 'credentials')
  const path = (): string => join(folder.path, 'x.creds')
  const request = (changes: object = {}) => {
    return {path: path(), content: 'secret', overwrite: false, expiresAt: undefined, bound: false, ...changes}
  }

  beforeEach(() => {
    folder = temporaryFolder()
  })
  afterEach(() => folder[Symbol.dispose]())

  it('knows nothing where nothing was written', async () => {
    assert.deepEqual(await listEntries(ledger()), [])
    assert.deepEqual(await sweep(ledger(), 0), [])
  })

  it('knows a file as ours until it changes', async () => {
    const entry = await writeRecorded(ledger(), request(), 1000)
    assert.equal(await stateOf(entry), 'ours')
    writeFileSync(path(), 'secret!')
    assert.equal(await stateOf(entry), 'changed')
    writeFileSync(path(), 'secret')
    assert.equal(await stateOf(entry), 'ours')
  })

  it('forgets the file that a write has replaced', async () => {
    await writeRecorded(ledger(), request(), 1000)
    const second = await writeRecorded(ledger(), request({content: 'other', overwrite: true}), 2000)
    assert.deepEqual(await listEntries(ledger()), [second])
  })

  it('keeps no entry of a write that failed', async () => {
    writeFileSync(path(), 'theirs')
    await assert.rejects(writeRecorded(ledger(), request(), 1000))
    assert.deepEqual(readdirSync(ledger()), [])
    assert.deepEqual(readdirSync(folder.path).sort(), ['state', 'x.creds'])
  })

  it('removes what a writer left that died before or right after its file was in place', async () => {
    const {token, ...entry} = await writeRecorded(ledger(), request(), 1000)
    const begun = {token, ...entry, inode: undefined}
    writeFileSync(join(ledger(), `${token}.json`), JSON.stringify(begun))
    writeFileSync(temporaryPath(path(), token), 'sec')
    assert.deepEqual(await sweep(ledger(), 61_000), [])
    assert.deepEqual(await sweep(ledger(), 61_001), [path()])
    assert.equal(existsSync(temporaryPath(path(), token)), false)
    assert.deepEqual(readdirSync(ledger()), [])
  })

  it('remembers a file whose folder cannot be seen, and removes it where it can be seen again', async () => {
    const disk = join(folder.path, 'disk')
    const away = join(folder.path, 'unmounted')
    mkdirSync(disk)
    const place = join(disk, 'x.creds')
    const entry = await writeRecorded(ledger(), request({path: place, expiresAt: 5000}), 1000)
    renameSync(disk, away)
    assert.equal(await stateOf(entry), 'hidden')
    assert.deepEqual(await sweep(ledger(), 6000), [])
    renameSync(away, disk)
    assert.deepEqual(await sweep(ledger(), 6000), [place])
    assert.deepEqual([existsSync(place), await listEntries(ledger())], [false, []])
  })

  it('binds a file to this process', async () => {
    const {owner} = await writeRecorded(ledger(), request({bound: true}), 1000)
    assert.equal(owner?.pid, process.pid)
    assert.deepEqual(await sweep(ledger(), 1e15), [])
  })
})
