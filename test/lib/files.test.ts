import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {OpsError} from '../../src/lib/errors.ts'
import {ensurePrivateFolder, identifyFile, readSmallFile, removeFile, writePrivateFile} from '../../src/lib/files.ts'

describe('files', () => {
  let folder: string
  const at = (...names: string[]): string => join(folder, ...names)
  const modeOf = (path: string): number => statSync(path).mode & 0o777

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'natsops-files-'))
  })
  afterEach(() => {
    chmodSync(folder, 0o700)
    rmSync(folder, {recursive: true, force: true})
  })

  describe('ensurePrivateFolder', () => {
    it('creates the folder and its missing parents for this user alone', async () => {
      await ensurePrivateFolder(at('a', 'b'))
      assert.equal(modeOf(at('a')), 0o700)
      assert.equal(modeOf(at('a', 'b')), 0o700)
    })

    it('accepts a folder of this user that is there already', async () => {
      mkdirSync(at('a'), {mode: 0o755})
      await ensurePrivateFolder(at('a'))
    })

    it('refuses a symlink, even one to a private folder', async () => {
      mkdirSync(at('real'), {mode: 0o700})
      symlinkSync(at('real'), at('link'))
      await refuses(ensurePrivateFolder(at('link')), 'FOLDER_NOT_PRIVATE', 3, /link is a symlink/)
    })

    it('refuses a folder that others may write to, and says how to mend it', async () => {
      mkdirSync(at('open'))
      chmodSync(at('open'), 0o777)
      const error = await refuses(ensurePrivateFolder(at('open')), 'FOLDER_NOT_PRIVATE', 3, /lets others write to it/)
      assert.deepEqual(error.suggestions, [`chmod 700 ${at('open')}`])
    })

    it('refuses a folder of another user', async () => {
      const work = asOrdinaryUser(() => ensurePrivateFolder('/'))
      await refuses(work, 'FOLDER_NOT_PRIVATE', 3, /^\/ belongs to another user \(uid 0\)/)
    })

    it('refuses a file in the way', async () => {
      writeFileSync(at('file'), '')
      await refuses(ensurePrivateFolder(at('file')), 'FILE_EXISTS', 3, /file is in the way/)
      await refuses(ensurePrivateFolder(at('file', 'below')), 'PATH_NOT_USABLE', 2, /not a folder/)
    })

    it('refuses a place where no folder can be made', async () => {
      const work = asOrdinaryUser(() => ensurePrivateFolder('/natsops/state'))
      await refuses(work, 'PATH_NOT_USABLE', 2, /^cannot create \/natsops\/state: permission denied$/)
    })
  })

  describe('writePrivateFile', () => {
    it('writes with mode 0600 whatever the umask, and leaves nothing else', async () => {
      const before = process.umask(0)
      try {
        await writePrivateFile(at('secret'), 'text', {overwrite: false})
      } finally {
        process.umask(before)
      }
      assert.equal(readFileSync(at('secret'), 'utf8'), 'text')
      assert.equal(modeOf(at('secret')), 0o600)
      assert.deepEqual(readdirSync(folder), ['secret'])
    })

    it('returns the identity by which the file is known later', async () => {
      const identity = await writePrivateFile(at('secret'), 'text', {overwrite: true})
      assert.deepEqual(await identifyFile(at('secret')), identity)
      const second = await writePrivateFile(at('secret'), 'text', {overwrite: true})
      assert.notDeepEqual(second, identity)
    })

    it('replaces an existing file on request', async () => {
      writeFileSync(at('secret'), 'old', {mode: 0o644})
      await writePrivateFile(at('secret'), 'new', {overwrite: true})
      assert.equal(readFileSync(at('secret'), 'utf8'), 'new')
      assert.equal(modeOf(at('secret')), 0o600)
    })

    it('replaces a symlink itself and leaves its target alone', async () => {
      writeFileSync(at('target'), 'untouched')
      symlinkSync(at('target'), at('link'))
      await writePrivateFile(at('link'), 'new', {overwrite: true})
      assert.equal(lstatSync(at('link')).isFile(), true)
      assert.equal(readFileSync(at('target'), 'utf8'), 'untouched')
    })

    for (const [name, prepare] of Object.entries({
      'a file': () => writeFileSync(at('taken'), 'theirs'),
      'a symlink to a file': () => {
        writeFileSync(at('target'), 'theirs')
        symlinkSync(at('target'), at('taken'))
      },
      'a dangling symlink': () => symlinkSync(at('nowhere'), at('taken')),
      'a folder': () => mkdirSync(at('taken')),
    })) {
      it(`refuses to replace ${name} when writing exclusively`, async () => {
        prepare()
        const before = readdirSync(folder)
        await refuses(
          writePrivateFile(at('taken'), 'ours', {overwrite: false}),
          'FILE_EXISTS',
          3,
          /taken exists already/,
        )
        assert.deepEqual(readdirSync(folder), before)
        if (name === 'a file') assert.equal(readFileSync(at('taken'), 'utf8'), 'theirs')
        if (name === 'a dangling symlink') assert.equal(readlinkSync(at('taken')), at('nowhere'))
      })
    }

    it('refuses a folder at the path also when overwriting', async () => {
      mkdirSync(at('taken'))
      await refuses(writePrivateFile(at('taken'), '', {overwrite: true}), 'PATH_NOT_USABLE', 2, /it is a folder/)
      assert.deepEqual(readdirSync(folder), ['taken'])
    })

    it('names the path and what is wrong with it', async () => {
      writeFileSync(at('file'), '')
      const missing = writePrivateFile(at('missing', 'x'), '', {overwrite: false})
      await refuses(missing, 'PATH_NOT_USABLE', 2, /cannot write .*missing\/x: there is no such folder/)
      const below = writePrivateFile(at('file', 'x'), '', {overwrite: false})
      await refuses(below, 'PATH_NOT_USABLE', 2, /file\/x: a part of the path is not a folder/)
      const long = writePrivateFile(at('n'.repeat(300)), '', {overwrite: false})
      await refuses(long, 'PATH_NOT_USABLE', 2, /the name is too long/)
    })

    it('says that a folder is not writable', async () => {
      chmodSync(folder, 0o555)
      const work = asOrdinaryUser(() => writePrivateFile(at('x'), '', {overwrite: false}))
      await refuses(work, 'PATH_NOT_USABLE', 2, /x: permission denied/)
    })
  })

  describe('readSmallFile', () => {
    it('reads the whole text', async () => {
      writeFileSync(at('text'), 'ä'.repeat(100_000))
      assert.equal(await readSmallFile(at('text'), 200_000), 'ä'.repeat(100_000))
    })

    it('stops at the limit, also where the size is not known beforehand', async () => {
      await refuses(readSmallFile('/dev/zero', 100_000), 'FILE_TOO_LARGE', 2, /larger than 100000 bytes/)
    })

    it('says what is missing or wrong', async () => {
      await refuses(readSmallFile(at('none'), 10), 'FILE_NOT_FOUND', 9, /there is no file .*none/)
      await refuses(readSmallFile(folder, 10), 'PATH_NOT_USABLE', 2, /it is a folder/)
    })
  })

  describe('removeFile', () => {
    it('removes a file, and is content with one that is gone', async () => {
      writeFileSync(at('x'), '')
      await removeFile(at('x'))
      await removeFile(at('x'))
      await removeFile(at('x', 'y'))
      assert.deepEqual(readdirSync(folder), [])
    })

    it('says what it could not remove', async () => {
      mkdirSync(at('kept'))
      writeFileSync(at('kept', 'x'), '')
      chmodSync(at('kept'), 0o555)
      chmodSync(folder, 0o755)
      const work = asOrdinaryUser(() => removeFile(at('kept', 'x')))
      await refuses(work, 'PATH_NOT_USABLE', 2, /^cannot remove .*\/kept\/x: permission denied$/)
    })

    it('is content on a read-only file system too', async function () {
      const mounts = existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8').split('\n') : []
      const readOnly = mounts.map((line) => line.split(' ')).find(([, , , options = '']) => /^ro\b/.test(options))
      if (readOnly === undefined) this.skip()
      await removeFile(join(readOnly[1] ?? '', 'natsops-none'))
    })
  })

  it('identifyFile knows regular files only', async () => {
    symlinkSync(at('nowhere'), at('link'))
    assert.equal(await identifyFile(at('link')), undefined)
    assert.equal(await identifyFile(folder), undefined)
    assert.equal(await identifyFile(at('none')), undefined)
  })
})

async function refuses(work: Promise<unknown>, code: string, exit: number, message: RegExp): Promise<OpsError> {
  let thrown: OpsError | undefined
  await assert.rejects(work, (error: OpsError) => {
    thrown = error
    assert.match(error.message, message)
    assert.deepEqual({code: error.code, exit: error.exit}, {code, exit})
    return true
  })
  return thrown!
}

/** Permissions mean nothing to root: a test run by root steps down for the work. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work()
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}
