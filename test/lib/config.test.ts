import assert from 'node:assert/strict'
import {conventionalSettings} from '../../src/lib/domain/settings.ts'
import {assertRefused, labFile, openHome, userFile} from '../support/home.ts'

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
})
