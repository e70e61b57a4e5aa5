import assert from 'node:assert/strict'
import {judgeEntry, type LedgerEntry, parseEntry} from '../../../src/lib/domain/credentials-ledger.ts'

const DAY_MS = 86_400_000
const now = 100 * DAY_MS
const done: LedgerEntry = {
  token: 'ab12',
  path: '/x.creds',
  digest: 'd',
  inode: '7',
  writtenAt: now - 1000,
  expiresAt: undefined,
  owner: undefined,
}
const begun = {...done, inode: undefined}
const owner = {pid: 1, started: 's'}

describe('judgeEntry', () => {
  const cases: readonly [
    name: string,
    entry: LedgerEntry,
    running: boolean,
    ours: string,
    changed: string,
    missing: string,
    hidden: string,
  ][] = [
    ['without life time or owner', done, false, 'keep', 'keep', 'forget', 'keep'],
    ['with time left', {...done, expiresAt: now + 1}, false, 'keep', 'keep', 'keep', 'keep'],
    ['whose time is over', {...done, expiresAt: now}, false, 'remove', 'forget', 'forget', 'keep'],
    ['whose time is long over', {...done, expiresAt: now - 31 * DAY_MS}, false, 'remove', 'forget', 'forget', 'forget'],
    ['whose owner runs', {...done, owner}, true, 'keep', 'keep', 'keep', 'keep'],
    ['whose owner is gone', {...done, owner}, false, 'remove', 'forget', 'forget', 'keep'],
    ['being written', begun, false, 'keep', 'keep', 'keep', 'keep'],
    ['whose writer never finished', {...begun, writtenAt: now - 60_001}, false, 'remove', 'forget', 'forget', 'keep'],
  ]
  for (const [name, entry, ownerRunning, ...expected] of cases) {
    it(`${name}: ours ${expected[0]}, changed ${expected[1]}, missing ${expected[2]}, hidden ${expected[3]}`, () => {
      const files = ['ours', 'changed', 'missing', 'hidden'] as const
      assert.deepEqual(
        files.map((file) => judgeEntry(entry, {now, ownerRunning, file})),
        expected,
      )
    })
  }
})

describe('parseEntry', () => {
  it('reads back an entry', () => {
    for (const entry of [done, begun, {...done, owner, expiresAt: 5}]) {
      assert.deepEqual(parseEntry(JSON.parse(JSON.stringify(entry))), entry)
    }
  })

  it('refuses anything else, above all a token that is a path', () => {
    for (const value of [
      null,
      1,
      'x',
      [],
      {},
      {...done, token: '../x'},
      {...done, path: 1},
      {...done, writtenAt: '1'},
    ]) {
      assert.equal(parseEntry(value), undefined)
    }
  })
})
