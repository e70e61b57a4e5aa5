import assert from 'node:assert/strict'
import {chmodSync, lchownSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {openConfiguration} from '../../../src/lib/config.ts'
import {conventionalSettings} from '../../../src/lib/domain/settings.ts'
import type {UsageError} from '../../../src/lib/errors.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {assertRefused, openHome, uid} from '../../support/home.ts'

describe('configuration files', () => {
  it('takes the nearest project file, up to the home folder and not above it', async () => {
    using folder = temporaryFolder({
      'natsops.yaml': 'clusters: {above: }',
      'home/natsops.yml': 'clusters: {home: }',
      'home/a/natsops.json': '{"clusters": {"a": null}}',
      'home/a/b/c/x': '',
      'home/d/x': '',
      'other/x': '',
    })
    const known = async (cwd: string | undefined): Promise<readonly string[]> => {
      const home = join(folder.path, 'home')
      const open = {variables: {}, home, cwd: cwd && join(folder.path, cwd), temporary: folder.path, uid}
      return (await openConfiguration(open).clusters()).map(({settings}) => settings.name)
    }
    assert.deepEqual(await known('home/a/b/c'), ['a'])
    assert.deepEqual(await known('home/d'), ['home'])
    assert.deepEqual(await known('home'), ['home'])
    assert.deepEqual(await known('other'), ['above'])
    assert.deepEqual(await known('gone/away'), ['above'])
    assert.deepEqual(await known(undefined), [])
  })

  it('resolves paths from the file and ~ from the home folder', async () => {
    using home = openHome({
      'work/natsops.yaml': 'defaults: {tls: {ca: tls/ca.pem, cert: ~/c.pem, key: /k.pem}}\nclusters: {c: {}}',
      '.config/natsops/config.yaml': 'clusters: {c: {credentialsFile: ../x}}',
    })
    const {settings} = await home.configuration.cluster({cluster: 'c'})
    assert.deepEqual(settings.tls, {
      ca: join(home.home, 'work/tls/ca.pem'),
      cert: join(home.home, 'c.pem'),
      key: '/k.pem',
    })
    assert.equal(settings.credentialsFile, join(home.home, '.config/x'))
  })

  for (const [place, text] of [
    ['defaults', 'defaults: {credentialsFile: aws}'],
    ['clusters.c', 'clusters: {b: {}, c: {credentialsFile: aws}}'],
  ] as const) {
    it(`takes no file that can name programs from a project: ${place}`, async () => {
      using home = openHome({
        'work/natsops.yaml': text,
        'work/aws': '[default]\ncredential_process = sh -c "touch ran"',
      })
      await assert.rejects(home.configuration.cluster({cluster: 'c'}), (error: UsageError) => {
        assert.equal(
          error.message,
          `${join(home.home, 'work/natsops.yaml')}: ${place}.credentialsFile counts in your own configuration only, ` +
            'for such a file can name programs to run',
        )
        assert.deepEqual(error.suggestions, [
          `move it to ${join(home.home, '.config/natsops/config.yaml')}, or name a profile here`,
        ])
        return true
      })
    })
  }

  it('takes the same keys from JSON, tabs and byte order mark included', async () => {
    using home = openHome({'work/natsops.json': '\ufeff{\n\t"clusters": {\n\t\t"c": {"nodes": 5}\n\t}\n}\n'})
    assert.equal((await home.configuration.cluster({})).settings.nodes, 5)
  })

  it('completes listed nodes from patterns and ports', async () => {
    using home = openHome({
      'work/natsops.yaml': [
        'clusters:',
        '  c:',
        '    ports: {client: 5222}',
        '    patterns: {asg: "{cluster}-group-{n}"}',
        '    nodes:',
        '      - {name: alpha, host: 10.0.0.1}',
        '      - {name: beta, host: "::1", clientPort: 1, monitorPort: 2, asg: b-asg, instanceName: b-tag}',
      ].join('\n'),
    })
    const {settings} = await home.configuration.cluster({})
    assert.deepEqual(settings.nodes, [
      {name: 'alpha', host: '10.0.0.1', clientPort: 5222, monitorPort: 8222, asg: 'c-group-1', instanceName: 'alpha'},
      {name: 'beta', host: '::1', clientPort: 1, monitorPort: 2, asg: 'b-asg', instanceName: 'b-tag'},
    ])
  })

  for (const [name, content] of [
    ['an empty file', ''],
    ['only comments', '# nothing\n'],
    ['null', 'null'],
    ['empty sections', 'clusters:\ndefaults:\n'],
  ] as const) {
    it(`takes ${name} as nothing said`, async () => {
      using home = openHome({'work/natsops.yaml': content})
      assert.deepEqual((await home.configuration.cluster({cluster: 'c'})).settings, conventionalSettings('c'))
    })
  }

  it('takes an empty JSON file as nothing said', async () => {
    using home = openHome({'work/natsops.json': ' \n'})
    assert.deepEqual(await home.configuration.clusters(), [])
  })

  it('refuses JSON that is only YAML, and a duplicate key in JSON', async () => {
    using yaml = openHome({'work/natsops.json': 'clusters: {}'})
    await assertRefused(yaml.configuration.clusters(), /natsops\.json: not JSON: /)
    using twice = openHome({'work/natsops.json': '{"clusters": {"c": {}, "c": {}}}'})
    await assertRefused(twice.configuration.clusters(), `${twice.home}/work/natsops.json:1: map keys must be unique`)
  })

  it('refuses two files of one folder, a folder by that name, and one too long to be one', async () => {
    using both = openHome({'work/natsops.yaml': '', 'work/natsops.json': '{}'})
    await assertRefused(
      both.configuration.clusters(),
      `${both.home}/work has both natsops.yaml and natsops.json: only one of them can count`,
    )
    using folder = openHome({'work/natsops.yaml/x': ''})
    await assertRefused(folder.configuration.clusters(), `${folder.home}/work/natsops.yaml is not a file`)
    using long = openHome({'work/natsops.yaml': '#'.repeat(1024 * 1024 + 1)})
    await assertRefused(long.configuration.clusters(), /has 1048577 bytes: no configuration is that long/)
  })

  it('refuses a file that everybody can change', async () => {
    using home = openHome({'work/natsops.yaml': ''})
    const path = join(home.home, 'work/natsops.yaml')
    chmodSync(path, 0o666)
    await assertRefused(home.configuration.clusters(), `${path} can be changed by every user of this machine`, [
      `chmod o-w ${path}`,
    ])
  })

  it("refuses another user's file in a folder that everybody can write to, not one elsewhere", async () => {
    using folder = temporaryFolder({'shared/natsops.yaml': 'clusters: {planted: }'})
    const shared = join(folder.path, 'shared')
    // Seen with the eyes of some other user, so that the file is a stranger's; root's files are believed.
    if (uid === 0) {
      const {chownSync} = await import('node:fs')
      chownSync(join(shared, 'natsops.yaml'), 4711, 4711)
    }
    const open = () =>
      openConfiguration({variables: {}, home: folder.path, cwd: shared, temporary: folder.path, uid: 4712})
    assert.equal((await open().clusters()).length, 1)
    chmodSync(shared, 0o1777)
    await assertRefused(open().clusters(), /belongs to another user, in a folder that everybody can write to/)
  })

  it("refuses another user's symlink there, whoever owns what it points to", async () => {
    using folder = temporaryFolder({'shared/file': '', 'own.yaml': 'clusters: {planted: }'})
    const link = join(folder.path, 'shared', 'natsops.yaml')
    // Seen with the eyes of some other user, to whom a file of root is as good as an own one.
    symlinkSync(uid === 0 ? join(folder.path, 'own.yaml') : '/etc/passwd', link)
    if (uid === 0) lchownSync(link, 4711, 4711)
    chmodSync(join(folder.path, 'shared'), 0o1777)
    const {path: home} = folder
    const seen = {variables: {}, home, cwd: join(home, 'shared'), temporary: home, uid: 4712}
    await assertRefused(openConfiguration(seen).clusters(), /belongs to another user, in a folder that everybody can/)
  })

  it('reads the files once for one configuration', async () => {
    using home = openHome({'work/natsops.yaml': 'clusters: {c: {nodes: 3}}'})
    await home.configuration.cluster({})
    writeFileSync(join(home.home, 'work/natsops.yaml'), 'clusters: {c: {nodes: 5}}')
    assert.equal((await home.configuration.cluster({})).settings.nodes, 3)
  })
})
