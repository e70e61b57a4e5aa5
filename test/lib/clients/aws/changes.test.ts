import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import type {ServerResponse} from 'node:http'
import {join} from 'node:path'
import {openAws} from '../../../../src/lib/clients/aws/aws.ts'
import {translateError} from '../../../../src/lib/clients/aws/errors.ts'
import type {AwsOrigin} from '../../../../src/lib/clients/aws/origin.ts'
import {mayRepeat} from '../../../../src/lib/clients/aws/retries.ts'
import {unknownIdentity} from '../../../../src/lib/domain/roll/plan.ts'
import type {ClusterSettings} from '../../../../src/lib/domain/settings.ts'
import type {OpsError} from '../../../../src/lib/errors.ts'
import {terminate} from '../../../../src/lib/ops/roll/terminate.ts'
import {eventually} from '../../../support/eventually.ts'
import {type Canned, ec2Error, jsonError, serve, xmlError} from './canned.ts'

/** The lock of a roll counts versions: an overwrite that was sent twice would pass for somebody else's. */
describe('a parameter that is overwritten', () => {
  let canned: Canned
  afterEach(() => canned.close())

  for (const [what, reply, code] of [
    ['the connection breaks', (response: ServerResponse) => void response.destroy(), 'AWS_UNREACHABLE'],
    [
      'the answer breaks off',
      (response: ServerResponse) => {
        response.writeHead(200, {'content-type': 'application/x-amz-json-1.1', 'content-length': '100'})
        response.write('{"Version')
        setTimeout(() => response.destroy(), 20)
      },
      'AWS_UNREACHABLE',
    ],
    ['no answer comes in time', () => {}, 'AWS_TIMEOUT'],
    [
      'AWS itself fails',
      (response: ServerResponse) => jsonError(response, 500, 'InternalServerError', 'oops'),
      'AWS_UNAVAILABLE',
    ],
    [
      'a gateway fails',
      (response: ServerResponse) => {
        response.writeHead(503, {'content-type': 'text/html'})
        response.end('<html>')
      },
      undefined,
    ],
  ] as const) {
    it(`is sent once when ${what}`, async () => {
      canned = await serve((response) => reply(response))
      const store = await openAws(canned.settings, {timeoutMs: code === 'AWS_TIMEOUT' ? 300 : 30_000}).parameters()
      await assert.rejects(store.put('/p/lock', '{}', {secure: false, overwrite: true}), (error: OpsError) => {
        assert.equal(error.exit, 7)
        if (code) assert.equal(error.code, code)
        return true
      })
      // None where the time was over before the request had arrived.
      if (code === 'AWS_TIMEOUT') assert.ok(canned.seen.length <= 1, `${canned.seen.length} requests`)
      else assert.equal(canned.seen.length, 1)
    })
  }

  it('has a connection of its own: one that was kept open may break under it', async () => {
    const used = new Set<unknown>()
    canned = await serve((response) => {
      const {socket} = response
      if (used.has(socket)) return void response.destroy()
      used.add(socket)
      response.writeHead(200, {'content-type': 'application/x-amz-json-1.1'})
      response.end('{"Version":7}')
    })
    const store = await openAws(canned.settings, {timeoutMs: 30_000}).parameters()
    const put = (): Promise<number> => store.put('/p/lock', '{}', {secure: false, overwrite: true})
    assert.equal(await put(), 7)
    assert.equal(await put(), 7)
    assert.equal(canned.seen.length, 2)
  })
})

describe('a change that never connected', () => {
  it('is sent again; one whose standing connection lost its network is not', () => {
    const lost = (syscall: string) => ({
      errorType: 'TRANSIENT' as const,
      error: Object.assign(new Error('no route'), {code: 'EHOSTUNREACH', syscall}),
    })
    assert.equal(mayRepeat(lost('connect'), 'once'), true)
    assert.equal(mayRepeat(lost('read'), 'once'), false)
    assert.equal(mayRepeat(lost('write'), 'once'), false)
    assert.equal(mayRepeat(lost('read'), 'repeat'), true)
  })
})

describe('what was decided by a look just before', () => {
  let canned: Canned
  afterEach(() => canned.close())
  const identity = {...unknownIdentity('c-node-1'), instanceId: 'i-0123456789abcdef0', asg: 'c-node-1-asg'}

  for (const strategy of ['terminate', 'instance-refresh'] as const) {
    it(`is sent once where AWS throttles it, and is for its caller to try again: ${strategy}`, async () => {
      canned = await serve((response) => xmlError(response, 400, 'Throttling', 'Rate exceeded'))
      const aws = openAws(canned.settings, {timeoutMs: 30_000})
      for (const count of [1, 2]) {
        const began = performance.now()
        const {kind} = await terminate(aws, identity, strategy)
        assert.equal(kind, 'again')
        assert.equal(canned.seen.length, count)
        assert.ok(performance.now() - began < 1000, 'throttling holds back what is sent next')
      }
    })

    it(`is for its caller to try again where there was no connection: ${strategy}`, async () => {
      canned = await serve((response) => void response.destroy())
      const aws = openAws({...canned.settings, endpoints: {all: 'http://127.0.0.1:1'}}, {timeoutMs: 30_000})
      const began = performance.now()
      assert.equal((await terminate(aws, identity, strategy)).kind, 'again')
      assert.ok(performance.now() - began < 1000, 'it was sent again')
      const broken = openAws(canned.settings, {timeoutMs: 30_000})
      assert.equal((await terminate(broken, identity, strategy)).kind, 'unknown')
    })
  }

  it('knows a network that went before the connection from one that went under it', () => {
    const sent = (syscall: string): unknown => {
      const lost = Object.assign(new Error('x'), {code: 'ENETUNREACH', syscall, address: '10.0.0.1'})
      const origin = {region: 'r', profile: 'p', credentialsFile: undefined, source: 'none', host: 'h', timeoutMs: 1}
      const call = {service: 'autoscaling', action: 'A', resource: '', iamResource: '*'} as const
      return ((translateError(lost, call, origin as AwsOrigin) as OpsError).cause as {sent?: unknown}).sent
    }
    assert.deepEqual(['connect', 'read', 'write'].map(sent), [false, undefined, undefined])
  })
})

describe('an instance refresh', () => {
  let canned: Canned
  afterEach(() => canned.close())
  const start = async () =>
    (await openAws(canned.settings, {timeoutMs: 30_000}).autoScaling()).startRefresh('c-node-1-asg', {
      warmupSeconds: 120,
      minHealthyPercentage: 0,
      skipMatching: false,
    })

  it('is started with the warm-up, with nothing kept and nothing skipped', async () => {
    canned = await serve((response) => {
      response.writeHead(200, {'content-type': 'text/xml'})
      response.end(
        '<StartInstanceRefreshResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><StartInstanceRefreshResult><InstanceRefreshId>r-1</InstanceRefreshId></StartInstanceRefreshResult></StartInstanceRefreshResponse>',
      )
    })
    assert.equal(await start(), 'r-1')
    assert.deepEqual(Object.fromEntries(new URLSearchParams(canned.seen[0]?.body)), {
      Action: 'StartInstanceRefresh',
      Version: '2011-01-01',
      AutoScalingGroupName: 'c-node-1-asg',
      Strategy: 'Rolling',
      'Preferences.InstanceWarmup': '120',
      'Preferences.MinHealthyPercentage': '0',
      'Preferences.SkipMatching': 'false',
    })
  })

  it('is sent once, and a running one is in the way', async () => {
    canned = await serve((response) => void response.destroy())
    await assert.rejects(start(), {code: 'AWS_UNREACHABLE'})
    assert.equal(canned.seen.length, 1)
    await canned.close()
    canned = await serve((response) => xmlError(response, 400, 'InstanceRefreshInProgress', 'An active one exists'))
    await assert.rejects(start(), {code: 'AWS_BUSY'})
  })
})

describe('the version a launch would use', () => {
  let canned: Canned
  afterEach(() => canned.close())

  const groupXml = (template: string): string =>
    `<DescribeAutoScalingGroupsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><DescribeAutoScalingGroupsResult><AutoScalingGroups><member><AutoScalingGroupName>g</AutoScalingGroupName><MinSize>1</MinSize><MaxSize>1</MaxSize><DesiredCapacity>1</DesiredCapacity>${template}<Instances/></member></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`
  const specification = (version: string): string =>
    `<LaunchTemplateId>lt-1</LaunchTemplateId><LaunchTemplateName>t</LaunchTemplateName><Version>${version}</Version>`
  const templates =
    '<DescribeLaunchTemplatesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><launchTemplates><item><launchTemplateId>lt-1</launchTemplateId><latestVersionNumber>9</latestVersionNumber><defaultVersionNumber>4</defaultVersionNumber></item></launchTemplates></DescribeLaunchTemplatesResponse>'

  async function versions(template: string, answer: (response: ServerResponse) => void): Promise<readonly unknown[]> {
    canned = await serve((response, _count, {body}) => {
      if (body.includes('DescribeLaunchTemplates')) return answer(response)
      response.writeHead(200, {'content-type': 'text/xml'})
      response.end(groupXml(template))
    })
    const scaling = await openAws(canned.settings, {timeoutMs: 30_000}).autoScaling()
    const looks = [await scaling.groups(['g']), await scaling.groups(['g'])]
    return looks.map(([group]) => group?.launchTemplateVersion)
  }
  const answerTemplates = (response: ServerResponse): void => {
    response.writeHead(200, {'content-type': 'text/xml'})
    response.end(templates)
  }
  const mixed = (inner: string): string =>
    `<MixedInstancesPolicy><LaunchTemplate>${inner}</LaunchTemplate></MixedInstancesPolicy>`
  const asked = (): number => canned.seen.filter(({body}) => body.includes('DescribeLaunchTemplates')).length

  it('is the number of $Latest and of $Default, asked for once in a while', async () => {
    assert.deepEqual(await versions(`<LaunchTemplate>${specification('$Latest')}</LaunchTemplate>`, answerTemplates), [
      '9',
      '9',
    ])
    assert.equal(asked(), 1)
    await canned.close()
    const policy = mixed(`<LaunchTemplateSpecification>${specification('$Default')}</LaunchTemplateSpecification>`)
    assert.deepEqual(await versions(policy, answerTemplates), ['4', '4'])
  })

  it('is not asked for where the group names a number, or has no template', async () => {
    const never = (): never => assert.fail('not to be asked')
    assert.deepEqual(await versions(`<LaunchTemplate>${specification('7')}</LaunchTemplate>`, never), ['7', '7'])
    await canned.close()
    assert.deepEqual(await versions('', never), [undefined, undefined])
    assert.equal(asked(), 0)
  })

  it('is not known where types have templates of their own', async () => {
    const policy = mixed(
      `<LaunchTemplateSpecification>${specification('$Latest')}</LaunchTemplateSpecification><Overrides><member><LaunchTemplateSpecification>${specification('3')}</LaunchTemplateSpecification></member></Overrides>`,
    )
    assert.deepEqual(await versions(policy, answerTemplates), [undefined, undefined])
  })

  it('is not known where templates may not be read; the group is', async () => {
    const refuse = (response: ServerResponse): void => ec2Error(response, 403, 'UnauthorizedOperation', 'not you')
    assert.deepEqual(await versions(`<LaunchTemplate>${specification('$Latest')}</LaunchTemplate>`, refuse), [
      undefined,
      undefined,
    ])
  })
})

describe('the end of the credentials', () => {
  let canned: Canned
  before(async () => {
    canned = await serve((response) => xmlError(response, 403, 'AccessDenied', 'not you'))
  })
  after(() => canned.close())

  it('is what their source says', async () => {
    const credentials = {Version: 1, AccessKeyId: 'A', SecretAccessKey: 's', Expiration: '2099-01-02T03:04:05Z'}
    const answer = join(canned.folder, 'answer')
    writeFileSync(answer, JSON.stringify(credentials))
    const file = join(canned.folder, 'process')
    writeFileSync(file, `[default]\ncredential_process = cat ${answer}\n`)
    const aws = openAws({...canned.settings, credentialsFile: file}, {timeoutMs: 30_000})
    assert.equal(await aws.credentialsExpireAt(), Date.parse('2099-01-02T03:04:05Z'))
  })

  /** A cluster's own credentials file that names a process, and what that says from now on: how long its keys last. */
  function lasting(): {readonly settings: ClusterSettings; readonly say: (key: string, minutes?: number) => void} {
    const answer = join(canned.folder, 'said')
    const file = join(canned.folder, 'lasting')
    writeFileSync(file, `[default]\ncredential_process = cat ${answer}\n`)
    const say = (AccessKeyId: string, minutes?: number): void => {
      const Expiration = minutes === undefined ? undefined : new Date(Date.now() + minutes * 60_000).toISOString()
      const said = {Version: 1, AccessKeyId, SecretAccessKey: 's', Expiration}
      writeFileSync(answer, minutes === undefined ? '' : JSON.stringify(said))
    }
    return {settings: {...canned.settings, credentialsFile: file}, say}
  }

  it('is put off before a roll would have to wait for it, and asked for no more than needed', async () => {
    const {settings, say} = lasting()
    const aws = openAws(settings, {timeoutMs: 30_000})
    say('FIRST', 12)
    await assert.rejects((await aws.identity()).caller())
    say('SECOND', 60)
    const first = await aws.credentialsExpireAt()
    assert.ok(first !== undefined && first < Date.now() + 12 * 60_000)
    await eventually('later keys', async () => ((await aws.credentialsExpireAt()) ?? 0) > Date.now() + 50 * 60_000)
  }).slow(2000)

  it('is where they end, not where a renewal failed before', async () => {
    const {settings, say} = lasting()
    say('FIRST', 4)
    const aws = openAws(settings, {timeoutMs: 30_000})
    const first = await aws.credentialsExpireAt()
    say('NONE')
    assert.equal(await aws.credentialsExpireAt(), first)
    await assert.rejects((await aws.identity()).caller())
    assert.match(canned.seen.at(-1)?.headers.authorization ?? '', /Credential=FIRST\//)
  })

  it('is none for keys that stay, and where there are no credentials', async () => {
    assert.equal(await openAws(canned.settings, {timeoutMs: 30_000}).credentialsExpireAt(), undefined)
    const nothing = {...canned.settings, credentialsFile: join(canned.folder, 'nothing')}
    assert.equal(await openAws(nothing, {timeoutMs: 30_000}).credentialsExpireAt(), undefined)
  })
})
