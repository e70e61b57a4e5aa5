import assert from 'node:assert/strict'
import {chmodSync, mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type Configuration, openConfiguration} from '../../src/lib/config.ts'
import {conventionalSettings} from '../../src/lib/domain/settings.ts'
import {UsageError} from '../../src/lib/errors.ts'
import {temporaryFolder} from '../support/folder.ts'

const uid = process.getuid?.() ?? 0

/** A home with these files in it; the working folder is `~/work/deep` unless told. */
function openHome(
  files: Readonly<Record<string, string>> = {},
  variables: Readonly<Record<string, string>> = {},
  cwd = 'work/deep',
): Disposable & {readonly home: string; readonly configuration: Configuration} {
  const folder = temporaryFolder(files)
  const home = folder.path
  mkdirSync(join(home, cwd), {recursive: true})
  const configuration = openConfiguration({variables, home, cwd: join(home, cwd), temporary: home, uid})
  return {home, configuration, [Symbol.dispose]: () => folder[Symbol.dispose]()}
}

const userFile = '.config/natsops/config.yaml'
const labFile = '.local/state/natsops/labs/lab/cluster.json'

/** Passes when the work is refused as a usage error with this message and these suggestions. */
async function assertRefused(work: Promise<unknown>, message: string | RegExp, suggestions?: readonly string[]) {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof UsageError, String(error))
    assert.equal(error.exit, 2)
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    if (suggestions) assert.deepEqual(error.suggestions, suggestions)
    return true
  })
}

describe('openConfiguration', () => {
  describe('without any file', () => {
    it("gives exactly the runbook's names for --cluster nats-prod", async () => {
      using home = openHome()
      const {settings, sources} = await home.configuration.cluster({cluster: 'nats-prod'})
      assert.deepEqual(settings, conventionalSettings('nats-prod'))
      assert.deepEqual(sources.get('name'), {layer: 'flag', detail: '--cluster'})
      assert.deepEqual(sources.get('region'), {layer: 'aws profile', detail: 'else us-east-2 by convention'})
      const others = [...sources].filter(([key]) => key !== 'name' && key !== 'region')
      assert.deepEqual(new Set(others.map(([, {layer}]) => layer)), new Set(['convention']))
    })

    it('takes the variables that the runbook exports', async () => {
      using home = openHome(
        {},
        {
          AWS_REGION: 'us-east-2',
          CLUSTER_NAME: 'nats-staging',
          SSM_PREFIX: '/nats-cluster/nats-staging/',
          ASG_NAME: 'nats-staging-node-1-asg',
        },
      )
      const {settings, sources} = await home.configuration.cluster({})
      assert.deepEqual(settings, {...conventionalSettings('nats-staging'), region: 'us-east-2'})
      assert.deepEqual(
        ['name', 'region', 'ssmPrefix'].map((key) => sources.get(key)),
        ['CLUSTER_NAME', 'AWS_REGION', 'SSM_PREFIX'].map((detail) => ({layer: 'environment', detail})),
      )
    })

    it("does not lead another cluster to the credentials of the runbook's one", async () => {
      using home = openHome({}, {CLUSTER_NAME: 'nats-staging', SSM_PREFIX: '/nats-cluster/nats-staging'})
      const {settings} = await home.configuration.cluster({cluster: 'nats-prod'})
      assert.equal(settings.ssmPrefix, '/nats-cluster/nats-prod')
    })

    it('honours SSM_PREFIX alone, and NATSOPS_SSM_PREFIX for whatever cluster', async () => {
      using alone = openHome({}, {SSM_PREFIX: '/somewhere/{cluster}'})
      assert.equal((await alone.configuration.cluster({cluster: 'a'})).settings.ssmPrefix, '/somewhere/a')
      using own = openHome({}, {CLUSTER_NAME: 'b', SSM_PREFIX: '/b', NATSOPS_SSM_PREFIX: '/own'})
      assert.equal((await own.configuration.cluster({cluster: 'a'})).settings.ssmPrefix, '/own')
    })

    it('says how to name a cluster when none is named', async () => {
      using home = openHome()
      await assertRefused(home.configuration.cluster({}), 'no cluster is named', [
        'add --cluster nats-prod',
        'export NATSOPS_CLUSTER=nats-prod',
      ])
      assert.deepEqual(await home.configuration.clusters(), [])
    })
  })

  describe('precedence', () => {
    const files = {
      'work/natsops.yaml': 'clusters: {c: {region: eu-west-1}}\ndefaults: {profile: project, ports: {monitor: 1}}',
      [userFile]: 'clusters: {c: {region: eu-west-2, profile: user, ports: {monitor: 2, client: 3}}}',
    }
    const environment = {NATSOPS_REGION: 'us-west-1', AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-east-1'}

    for (const [name, flags, variables, region, layer] of [
      ['flag', {region: 'sa-east-1'}, environment, 'sa-east-1', 'flag'],
      ['NATSOPS_REGION', {}, environment, 'us-west-1', 'environment'],
      ['AWS_REGION', {}, {...environment, NATSOPS_REGION: ''}, 'us-west-2', 'environment'],
      ['AWS_DEFAULT_REGION', {}, {AWS_DEFAULT_REGION: 'us-east-1'}, 'us-east-1', 'environment'],
      ['project file', {}, {}, 'eu-west-1', 'project file'],
    ] as const) {
      it(`takes the region of ${name} above the rest`, async () => {
        using home = openHome(files, variables)
        const {settings, sources} = await home.configuration.cluster({cluster: 'c', ...flags})
        assert.deepEqual([settings.region, sources.get('region')?.layer], [region, layer])
      })
    }

    it('settles each value by itself: the project file with its defaults above the user file', async () => {
      using home = openHome(files)
      const {settings, sources} = await home.configuration.cluster({cluster: 'c'})
      assert.equal(settings.profile, 'project')
      assert.deepEqual(settings.ports, {client: 3, cluster: 6222, monitor: 1})
      assert.deepEqual(
        ['profile', 'ports.monitor', 'ports.client', 'ports.cluster'].map((key) => sources.get(key)),
        [
          {layer: 'project file', detail: `${home.home}/work/natsops.yaml defaults.profile`},
          {layer: 'project file', detail: `${home.home}/work/natsops.yaml defaults.ports.monitor`},
          {layer: 'user file', detail: `${home.home}/${userFile} clusters.c.ports.client`},
          {layer: 'convention', detail: 'default'},
        ],
      )
    })

    it('lets an address for all services hide what a lower layer says of one service', async () => {
      const file = {'work/natsops.yaml': 'clusters: {c: {endpoints: {ssm: "https://ssm.example", ec2: "https://e"}}}'}
      using home = openHome(file, {AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:2'})
      const {settings, sources} = await home.configuration.cluster({cluster: 'c'})
      assert.deepEqual(settings.endpoints, {all: 'http://127.0.0.1:1', sts: 'http://127.0.0.1:2'})
      assert.deepEqual(sources.get('endpoints.sts'), {layer: 'environment', detail: 'AWS_ENDPOINT_URL_STS'})
      assert.equal(sources.get('endpoints.ssm'), undefined)

      using single = openHome(file, {AWS_ENDPOINT_URL_SSM: 'http://127.0.0.1:3'})
      assert.deepEqual((await single.configuration.cluster({cluster: 'c'})).settings.endpoints, {
        ssm: 'http://127.0.0.1:3',
        ec2: 'https://e',
      })

      using ignored = openHome({}, {AWS_ENDPOINT_URL: 'http://x', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true'})
      assert.deepEqual((await ignored.configuration.cluster({cluster: 'c'})).settings.endpoints, {})
    })
  })

  describe('which cluster', () => {
    const two = {'work/natsops.yaml': 'clusters: {nats-prod: , nats-staging: }'}

    it('is the flag, then NATSOPS_CLUSTER, then CLUSTER_NAME, then defaultCluster', async () => {
      const files = {...two, [userFile]: 'defaultCluster: nats-staging'}
      const variables = {NATSOPS_CLUSTER: 'own', CLUSTER_NAME: 'runbook'}
      using all = openHome(files, variables)
      assert.equal((await all.configuration.cluster({cluster: 'flag'})).settings.name, 'flag')
      assert.equal((await all.configuration.cluster({})).settings.name, 'own')
      using runbook = openHome(files, {CLUSTER_NAME: 'runbook'})
      assert.equal((await runbook.configuration.cluster({})).settings.name, 'runbook')
      using none = openHome(files)
      const {settings, sources} = await none.configuration.cluster({})
      assert.equal(settings.name, 'nats-staging')
      assert.deepEqual(sources.get('name'), {
        layer: 'user file',
        detail: `${none.home}/${userFile} defaultCluster`,
      })
    })

    it('is the only one known, and refused with the list where there are several', async () => {
      using one = openHome({[userFile]: 'clusters: {nats-prod: {region: us-east-1}}'})
      const {settings, sources} = await one.configuration.cluster({})
      assert.equal(settings.name, 'nats-prod')
      assert.deepEqual(sources.get('name'), {
        layer: 'user file',
        detail: `${one.home}/${userFile}, the only cluster known`,
      })
      using several = openHome({...two, [labFile]: '{}'})
      await assertRefused(
        several.configuration.cluster({}),
        'no cluster is named, known are lab, nats-prod, nats-staging',
      )
    })

    it('is refused where it is a slip away from a known one, and taken where it is not', async () => {
      using home = openHome(two)
      await assertRefused(
        home.configuration.cluster({cluster: 'nats-prdo'}),
        'cluster nats-prdo is not known, did you mean nats-prod?',
        [
          '--cluster nats-prod',
          `if there is a cluster nats-prdo too, add "nats-prdo:" below "clusters:" in ${home.home}/work/natsops.yaml`,
        ],
      )
      await assertRefused(home.configuration.cluster({cluster: 'NATS-PROD'}), /did you mean nats-prod/)
      assert.equal((await home.configuration.cluster({cluster: 'events'})).settings.name, 'events')
    })

    it('catches a slip in the environment and in defaultCluster too, and one that misses a lab', async () => {
      using variable = openHome(two, {CLUSTER_NAME: 'nats-prd'})
      await assertRefused(variable.configuration.cluster({}), /did you mean nats-prod/)
      using preset = openHome({...two, [userFile]: 'defaultCluster: nats-stagin'})
      await assertRefused(preset.configuration.cluster({}), /did you mean nats-staging/)
      using lab = openHome({[labFile]: '{}'})
      await assertRefused(lab.configuration.cluster({cluster: 'lap'}), /did you mean lab/)
    })

    for (const name of ['', ' ', 'a b', '../etc', 'a/b', '-x', 'ä', 'x'.repeat(64), 'a\u001b[2J', '__proto__']) {
      it(`refuses ${JSON.stringify(name)} as a name`, async () => {
        using home = openHome(two)
        await assertRefused(home.configuration.cluster({cluster: name}), /^--cluster ".*" is no name of a cluster: /)
      })
    }

    it('is not confused by names that every object has', async () => {
      using home = openHome(two)
      for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
        assert.deepEqual((await home.configuration.cluster({cluster: name})).settings, conventionalSettings(name))
      }
    })
  })

  describe('flags and variables', () => {
    for (const [selection, message] of [
      [{region: ''}, '--region "" is not an AWS region such as us-east-2'],
      [{region: 'us east'}, '--region "us east" is not an AWS region such as us-east-2'],
      [{region: 'us-east-2\n'}, '--region "us-east-2\\n" is not an AWS region such as us-east-2'],
      [{region: 'US-EAST-2'}, '--region "US-EAST-2" is not an AWS region such as us-east-2'],
      [{profile: ''}, '--profile "" is not the name of an AWS profile'],
      [{profile: 'a\nb'}, '--profile "a\\nb" is not the name of an AWS profile'],
    ] as const) {
      it(`refuses ${JSON.stringify(selection)}`, async () => {
        using home = openHome()
        await assertRefused(home.configuration.cluster({cluster: 'c', ...selection}), message)
      })
    }

    for (const [variables, message] of [
      [{AWS_REGION: 'nowhere'}, 'AWS_REGION "nowhere" is not an AWS region such as us-east-2'],
      [{SSM_PREFIX: 'nats'}, /^SSM_PREFIX "nats" is not a path such as /],
      [{SSM_PREFIX: '/a//b'}, /^SSM_PREFIX "\/a\/\/b" is not a path/],
      [{NATSOPS_SSM_PREFIX: '/a/{n}'}, /^NATSOPS_SSM_PREFIX /],
      [{AWS_ENDPOINT_URL: 'localhost:4566'}, /^AWS_ENDPOINT_URL "localhost:4566" is not an http or https URL/],
      [
        {AWS_ENDPOINT_URL: 'http://u:secret@h'},
        'AWS_ENDPOINT_URL "http://***@h" is not an http or https URL without user name',
      ],
      [{NATSOPS_CLUSTER: 'a/b'}, /^NATSOPS_CLUSTER "a\/b" is no name of a cluster/],
    ] as const) {
      it(`refuses ${JSON.stringify(variables)} by the variable's name`, async () => {
        using home = openHome({}, variables)
        const selection = 'NATSOPS_CLUSTER' in variables ? {} : {cluster: 'c'}
        await assertRefused(home.configuration.cluster(selection), message)
      })
    }

    for (const region of ['us-gov-west-1', 'cn-north-1', 'ap-southeast-5', 'us-iso-east-1', 'eusc-de-east-1']) {
      it(`takes ${region}`, async () => {
        using home = openHome()
        assert.equal((await home.configuration.cluster({cluster: 'c', region})).settings.region, region)
      })
    }
  })

  describe('a running lab', () => {
    const description = JSON.stringify({
      region: 'us-east-1',
      profile: 'natsops-lab',
      credentialsFile: 'credentials',
      endpoints: {all: 'http://127.0.0.1:4566'},
      nodes: [{name: 'lab-node-1', host: '127.0.0.1', clientPort: 4001, monitorPort: 8001, pid: 4}],
      settle: '5s',
      supervisor: 12,
    })
    const files = {
      [labFile]: description,
      'work/natsops.yaml': 'defaults: {profile: production, endpoints: {ssm: "https://prod"}, settle: 9}',
    }
    const variables = {
      AWS_PROFILE: 'production',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_SSM: 'https://prod',
      SSM_PREFIX: '/nats-cluster/nats-prod',
    }

    it('is told by its own description: no environment and no file reaches it', async () => {
      using home = openHome(files, variables)
      const {settings, sources} = await home.configuration.cluster({cluster: 'lab'})
      assert.deepEqual(settings, {
        ...conventionalSettings('lab'),
        region: 'us-east-1',
        profile: 'natsops-lab',
        credentialsFile: join(home.home, labFile, '../credentials'),
        endpoints: {all: 'http://127.0.0.1:4566'},
        nodes: [
          {
            name: 'lab-node-1',
            host: '127.0.0.1',
            clientPort: 4001,
            monitorPort: 8001,
            asg: 'lab-node-1-asg',
            instanceName: 'lab-node-1',
          },
        ],
        settleSeconds: 5,
      })
      assert.deepEqual(sources.get('profile'), {layer: 'lab', detail: `${home.home}/${labFile} profile`})
      const layers = new Set([...sources.values()].map(({layer}) => layer))
      assert.deepEqual(layers, new Set(['flag', 'lab', 'convention']))
    })

    it('still obeys flags', async () => {
      using home = openHome(files, variables)
      const {settings} = await home.configuration.cluster({cluster: 'lab', region: 'us-west-2', profile: 'mine'})
      assert.deepEqual([settings.region, settings.profile], ['us-west-2', 'mine'])
    })

    it('leaves every other cluster alone', async () => {
      using home = openHome(files, variables)
      const {settings} = await home.configuration.cluster({cluster: 'nats-prod'})
      assert.deepEqual([settings.profile, settings.endpoints], ['production', {ssm: 'https://prod'}])
    })

    it('is the cluster where nothing else is known, and is listed', async () => {
      using home = openHome({[labFile]: description})
      assert.equal((await home.configuration.cluster({})).settings.name, 'lab')
      const listed = await home.configuration.clusters()
      assert.deepEqual(
        listed.map(({settings, sources}) => [settings.name, sources.get('name')]),
        [['lab', {layer: 'lab', detail: `${home.home}/${labFile}`}]],
      )
    })

    it('is refused where a file has a cluster of that name, with both files named', async () => {
      using home = openHome({[labFile]: description, 'work/natsops.yaml': 'clusters: {lab: , other: }'})
      const message = `lab is a running lab (${home.home}/${labFile}) and also a cluster in ${home.home}/work/natsops.yaml`
      await assertRefused(home.configuration.cluster({cluster: 'lab'}), message)
      await assertRefused(home.configuration.clusters(), message)
      assert.equal((await home.configuration.cluster({cluster: 'other'})).settings.name, 'other')
    })

    it('is no lab when its folder has no description', async () => {
      using home = openHome({'.local/state/natsops/labs/lab/aws.json': '{}', '.local/state/natsops/labs/file': ''})
      assert.deepEqual(await home.configuration.clusters(), [])
      assert.deepEqual((await home.configuration.cluster({cluster: 'lab'})).settings, conventionalSettings('lab'))
      assert.deepEqual((await home.configuration.cluster({cluster: 'file'})).settings, conventionalSettings('file'))
    })

    for (const [content, reason] of [
      ['{"region": ', 'the file: expected a mapping of keys to values'],
      ['{"nodes": "three"}', 'nodes: expected a count from 1 to 99 or a list of nodes, each with name and host'],
      ['{"region": 5}', 'region: expected an AWS region such as us-east-2'],
    ] as const) {
      it(`refuses the description ${content}, and no other cluster with it`, async () => {
        using home = openHome({[labFile]: content})
        await assertRefused(
          home.configuration.cluster({cluster: 'lab'}),
          `${home.home}/${labFile} does not describe a lab: ${reason}`,
          ['natsops lab down lab'],
        )
        assert.equal((await home.configuration.cluster({cluster: 'nats-prod'})).settings.name, 'nats-prod')
      })
    }
  })

  describe('files', () => {
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
        'work/natsops.yaml':
          'defaults: {tls: {ca: tls/ca.pem, cert: ~/c.pem, key: /k.pem}}\nclusters: {c: {credentialsFile: ../x}}',
      })
      const {settings} = await home.configuration.cluster({cluster: 'c'})
      assert.deepEqual(settings.tls, {
        ca: join(home.home, 'work/tls/ca.pem'),
        cert: join(home.home, 'c.pem'),
        key: '/k.pem',
      })
      assert.equal(settings.credentialsFile, join(home.home, 'x'))
    })

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

    for (const [name, content, message] of [
      [
        'a list at the top',
        '- a\n- b\n',
        ':1: the file is a list, expected a mapping with defaultCluster, defaults or clusters',
      ],
      [
        'a text at the top',
        'hello',
        ':1: the file is "hello", expected a mapping with defaultCluster, defaults or clusters',
      ],
      ['an unknown section', 'cluster: {}\n', ':1: cluster is unknown, did you mean clusters'],
      [
        'an unknown key',
        'clusters:\n  nats-prod:\n    nodes: 3\n    regin: eu-west-1\n',
        ':4: clusters.nats-prod.regin is unknown, did you mean region',
      ],
      [
        'an unknown key nothing like a known one',
        'defaults: {tls: {password: hunter2}}',
        ':1: defaults.tls.password is unknown: known are ca, cert, key',
      ],
      [
        'an unknown key of a node',
        'clusters:\n  ports:\n    nodes:\n    - name: a\n      host: b\n      port: 1\n',
        ':6: clusters.ports.nodes.0.port is unknown: known are name, host, clientPort, monitorPort, asg, instanceName',
      ],
      [
        'an unknown threshold',
        'defaults:\n  thresholds:\n    cpuPercnt: 3\n',
        ':3: defaults.thresholds.cpuPercnt is unknown, did you mean cpuPercent',
      ],
      [
        'a region of another shape',
        'clusters:\n  c:\n    region: Ohio\n',
        ':3: clusters.c.region is "Ohio", expected an AWS region such as us-east-2',
      ],
      ['no nodes', 'clusters: {c: {nodes: 0}}', ':1: clusters.c.nodes is 0, expected a whole number from 1 to 99'],
      [
        'half a node',
        'clusters: {c: {nodes: 2.5}}',
        ':1: clusters.c.nodes is 2.5, expected a count from 1 to 99 or a list of nodes, each with name and host',
      ],
      [
        'an empty list of nodes',
        'clusters: {c: {nodes: []}}',
        ':1: clusters.c.nodes is [], expected a count from 1 to 99 or a list of nodes, each with name and host',
      ],
      [
        'nodes as text',
        'clusters: {c: {nodes: three}}',
        ':1: clusters.c.nodes is "three", expected a count from 1 to 99 or a list of nodes, each with name and host',
      ],
      [
        'a node without host',
        'clusters: {c: {nodes: [{name: a}]}}',
        ':1: clusters.c.nodes.0.host is missing, expected a host name or an IP address, without scheme and port',
      ],
      [
        'a host with a port',
        'clusters: {c: {nodes: [{name: a, host: "h:4222"}]}}',
        ':1: clusters.c.nodes.0.host is "h:4222", expected a host name or an IP address, without scheme and port',
      ],
      [
        'two nodes of one name',
        'clusters: {c: {nodes: [{name: a, host: b}, {name: a, host: c}]}}',
        ':1: clusters.c.nodes is [{"name":"a","host":"b"},{"name":"a","host":"c"}], expected nodes of different names',
      ],
      [
        'a port too high',
        'defaults: {ports: {monitor: 65536}}',
        ':1: defaults.ports.monitor is 65536, expected a whole number from 1 to 65535',
      ],
      [
        'a port as text',
        'defaults: {ports: {monitor: "8222"}}',
        ':1: defaults.ports.monitor is "8222", expected a whole number from 1 to 65535',
      ],
      [
        'a relative prefix',
        'defaults: {ssmPrefix: nats/c}',
        ':1: defaults.ssmPrefix is "nats/c", expected a path such as /nats-cluster/{cluster}, of letters, digits and _.-',
      ],
      [
        'a scheme nobody speaks',
        'defaults: {monitorScheme: ftp}',
        ':1: defaults.monitorScheme is "ftp", expected http or https',
      ],
      [
        'a pattern that gives all nodes one name',
        'defaults: {patterns: {node: nats}}',
        ':1: defaults.patterns.node is "nats", expected a name with {n}, of letters, digits, _.- and {cluster} {n}',
      ],
      [
        'a pattern with an unknown part',
        'defaults: {patterns: {host: "{node}.{zone}"}}',
        ':1: defaults.patterns.host is "{node}.{zone}", expected a name with {n} or {node}, of letters, digits, _.- and {cluster} {n} {node}',
      ],
      [
        'a settle that is no duration',
        'defaults: {settle: soon}',
        ':1: defaults.settle is "soon", expected a duration from 1s to 24h such as 120s or 2m, or whole seconds',
      ],
      [
        'no settle at all',
        'defaults: {settle: 0}',
        ':1: defaults.settle is 0, expected a duration from 1s to 24h such as 120s or 2m, or whole seconds',
      ],
      [
        'a percentage above 100',
        'defaults: {thresholds: {cpuPercent: 101}}',
        ':1: defaults.thresholds.cpuPercent is 101, expected a number from 0 to 100',
      ],
      [
        'a negative threshold',
        'defaults: {thresholds: {connections: -1}}',
        ':1: defaults.thresholds.connections is -1, expected a number from 0',
      ],
      [
        'an endpoint with a password',
        'defaults: {endpoints: {ssm: "http://u:secret@h"}}',
        ':1: defaults.endpoints.ssm is "http://***@h", expected an http or https URL without user name',
      ],
      [
        'a value where keys belong',
        'defaults: {ports: 4222}',
        ':1: defaults.ports is 4222, expected a mapping of keys to values',
      ],
      ['a cluster that is a text', 'clusters: {c: x}', ':1: clusters.c is "x", expected a mapping of keys to values'],
      [
        'a name no cluster can have',
        'clusters: {"../x": {}}',
        /: clusters\.\.\.\/x is \{\}, expected a name of a cluster: letters/,
      ],
      ['a duplicate key', 'clusters:\n  c: {nodes: 3}\n  c: {nodes: 5}\n', ':3: map keys must be unique'],
      ['a tab as indentation', 'clusters:\n\tc:\n', ':2: tabs are not allowed as indentation'],
      ['two documents', 'clusters:\n---\nclusters:\n', /^:2: source contains multiple documents/],
      ['a tag', 'defaults: {region: !secret x}', ':1: unresolved tag: !secret'],
      [
        'a structure that contains itself',
        'clusters: &a {x: *a}',
        ':1: clusters.x.x is unknown: known are region, profile, credentialsFile, ssmPrefix, nodes, patterns, ports, monitorScheme, tls, thresholds, logs, settle, endpoints',
      ],
      ['an anchor bomb', anchorBomb(), ': excessive alias count indicates a resource exhaustion attack'],
      ['a very deep structure', '['.repeat(5000), /^:\d+: /],
    ] as const) {
      it(`refuses ${name}`, async () => {
        using home = openHome({'work/natsops.yaml': content})
        const path = `${home.home}/work/natsops.yaml`
        await assert.rejects(home.configuration.cluster({cluster: 'x-1'}), (error) => {
          assert.ok(error instanceof UsageError, String((error as Error).stack))
          assert.ok(error.message.startsWith(path), error.message)
          const rest = error.message.slice(path.length)
          if (typeof message === 'string') assert.equal(rest, message)
          else assert.match(rest, message)
          return true
        })
      })
    }

    it('tells all that is wrong with a file at once, a line each', async () => {
      using home = openHome({[userFile]: 'clusters:\n  c:\n    nodes: 100\n    prots: 1\ndefaultCluster: "a b"\n'})
      const path = `${home.home}/${userFile}`
      await assertRefused(
        home.configuration.clusters(),
        [
          `${path}:5: defaultCluster is "a b", expected a name of a cluster: letters, digits, - and _, at most 63, starting with a letter or digit`,
          `${path}:3: clusters.c.nodes is 100, expected a whole number from 1 to 99`,
          `${path}:4: clusters.c.prots is unknown, did you mean ports`,
        ].join('\n'),
      )
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

    it('reads the files once for one configuration', async () => {
      using home = openHome({'work/natsops.yaml': 'clusters: {c: {nodes: 3}}'})
      await home.configuration.cluster({})
      writeFileSync(join(home.home, 'work/natsops.yaml'), 'clusters: {c: {nodes: 5}}')
      assert.equal((await home.configuration.cluster({})).settings.nodes, 3)
    })
  })

  describe('paths', () => {
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

  describe('colour', () => {
    for (const [flag, variables, expected] of [
      [undefined, {}, true],
      [false, {FORCE_COLOR: '1'}, false],
      [true, {NO_COLOR: '1', TERM: 'dumb'}, true],
      [undefined, {NO_COLOR: '1', FORCE_COLOR: '1'}, false],
      [undefined, {NO_COLOR: ''}, true],
      [undefined, {FORCE_COLOR: '1', TERM: 'dumb'}, true],
      [undefined, {FORCE_COLOR: '0'}, false],
      [undefined, {TERM: 'dumb'}, false],
      [undefined, {TERM: 'xterm'}, true],
    ] as const) {
      it(`is ${expected} with flag ${flag} and ${JSON.stringify(variables)}`, () => {
        assert.equal(openConfiguration({variables, home: '/', cwd: '/'}).colour(flag), expected)
      })
    }
  })

  it('animates a terminal that is no dumb one, with or without colour', () => {
    const animates = (variables: Record<string, string>) =>
      openConfiguration({variables, home: '/', cwd: '/'}).animation()
    assert.deepEqual([{}, {NO_COLOR: '1', TERM: 'xterm'}, {FORCE_COLOR: '1', TERM: 'dumb'}].map(animates), [
      true,
      true,
      false,
    ])
  })

  describe('service', () => {
    const open = (variables: Record<string, string>) => openConfiguration({variables, home: '/', cwd: '/'})

    it('is the flag, then NATSOPS_SERVICE, then SERVICE_NAME', () => {
      const variables = {NATSOPS_SERVICE: 'messenger', SERVICE_NAME: 'facebox'}
      assert.equal(open(variables).service('x'), 'x')
      assert.equal(open(variables).service(undefined), 'messenger')
      assert.equal(open({SERVICE_NAME: 'facebox'}).service(undefined), 'facebox')
      assert.equal(open({SERVICE_NAME: ''}).service(undefined), undefined)
    })

    it('is refused where it would lead out of the parameter path', () => {
      assert.throws(() => open({}).service('../admin'), {message: /^--service "\.\.\/admin" is no name of a service: /})
      assert.throws(() => open({SERVICE_NAME: 'a/b'}).service(undefined), {message: /^SERVICE_NAME "a\/b" is no name/})
    })
  })

  it("gives a child our environment with changes, never 'undefined' as a text", () => {
    const configuration = openConfiguration({variables: {A: '1', B: '2', EMPTY: ''}, home: '/', cwd: '/'})
    assert.deepEqual(configuration.childEnvironment({B: undefined, C: '3'}), {A: '1', EMPTY: '', C: '3'})
    assert.deepEqual([configuration.variable('A'), configuration.variable('EMPTY')], ['1', undefined])
  })

  it('reads the real environment where nothing else is given', () => {
    const configuration = openConfiguration()
    assert.equal(configuration.variable('PATH'), process.env.PATH)
  })
})

function anchorBomb(): string {
  const letters = [...'abcdefghi']
  const lines = letters.map((letter, index) => {
    const before = letters[index - 1]
    return `${letter}: &${letter} [${Array(10)
      .fill(before ? `*${before}` : 1)
      .join(', ')}]`
  })
  return lines.join('\n')
}
