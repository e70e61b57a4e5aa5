import assert from 'node:assert/strict'
import {join} from 'node:path'
import {conventionalSettings} from '../../../src/lib/domain/settings.ts'
import {assertRefused, labFile, openHome} from '../../support/home.ts'

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
