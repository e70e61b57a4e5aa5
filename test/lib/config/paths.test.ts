import assert from 'node:assert/strict'
import {join} from 'node:path'
import {openConfiguration} from '../../../src/lib/config.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {uid} from '../../support/home.ts'

describe('the folders of natsops', () => {
  const open = (variables: Record<string, string>, home = '/home/op') =>
    openConfiguration({variables, home, cwd: '/', temporary: '/tmp', uid}).paths

  it('follows XDG, and ignores relative values as its specification says', () => {
    assert.deepEqual(
      open({XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: 'relative', XDG_RUNTIME_DIR: ''}),
      {
        config: '/c/natsops',
        state: '/s/natsops',
        labs: '/s/natsops/labs',
        cache: '/home/op/.cache/natsops',
        runtime: `/tmp/natsops-${uid}`,
      },
    )
  })

  it('uses the runtime folder only where it exists and is ours', () => {
    using folder = temporaryFolder({file: ''})
    assert.equal(open({XDG_RUNTIME_DIR: folder.path}).runtime, join(folder.path, 'natsops'))
    for (const unusable of [join(folder.path, 'missing'), join(folder.path, 'file'), join(folder.path, 'file/x')]) {
      assert.equal(open({XDG_RUNTIME_DIR: unusable}).runtime, `/tmp/natsops-${uid}`)
    }
    const stranger = {variables: {XDG_RUNTIME_DIR: folder.path}, home: '/h', cwd: '/', temporary: '/tmp', uid: 4712}
    assert.equal(openConfiguration(stranger).paths.runtime, '/tmp/natsops-4712')
  })

  it('finds a home when HOME is empty or relative', () => {
    for (const HOME of ['', 'relative']) {
      const {config} = openConfiguration({variables: {HOME}, cwd: '/', temporary: '/tmp', uid}).paths
      assert.match(config, /^\/.*\.config\/natsops$/)
    }
  })
})
