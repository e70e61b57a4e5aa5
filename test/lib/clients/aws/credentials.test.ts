import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {createHash} from 'node:crypto'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {inspect} from 'node:util'
import {openAws} from '../../../../src/lib/clients/aws/aws.ts'
import {type ClusterSettings, conventionalSettings} from '../../../../src/lib/domain/settings.ts'
import {describe as describeError, type OpsError} from '../../../../src/lib/errors.ts'
import {type Canned, serve, xmlError} from './canned.ts'

const identity =
  '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn>' +
  '<UserId>AID</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>'

describe('credentials and region', function () {
  this.slow(2000)
  const before = {...process.env}
  let home: string
  let canned: Canned
  let settings: ClusterSettings

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'natsops-home-'))
    mkdirSync(join(home, '.aws/sso/cache'), {recursive: true})
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
    process.env.HOME = home
    process.env.AWS_EC2_METADATA_DISABLED = 'true'
    canned = await serve((response) => void response.writeHead(200, {'content-type': 'text/xml'}).end(identity))
    settings = {...conventionalSettings('nats-test'), endpoints: {all: canned.url}}
  })

  afterEach(async () => {
    await canned.close()
    rmSync(home, {recursive: true, force: true})
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
  })

  const write = (file: 'config' | 'credentials', text: string): void => writeFileSync(join(home, '.aws', file), text)
  const call = async (changes: Partial<ClusterSettings> = {}): Promise<{account: string; arn: string}> =>
    (await openAws({...settings, ...changes}, {timeoutMs: 30_000}).identity()).caller()
  const failure = (changes: Partial<ClusterSettings> = {}): Promise<OpsError> =>
    call(changes).then(
      () => assert.fail('resolved'),
      (error: OpsError) => error,
    )
  const usedKey = (): string | undefined =>
    /Credential=(\w+)\//.exec(canned.seen.at(-1)?.headers.authorization ?? '')?.[1]
  const usedRegion = (): string | undefined =>
    /Credential=\w+\/\d+\/([\w-]+)\//.exec(canned.seen.at(-1)?.headers.authorization ?? '')?.[1]
  const keys = (id: string): string => `aws_access_key_id = ${id}\naws_secret_access_key = secret\n`

  it('says who calls', async () => {
    write('credentials', `[default]\n${keys('AKIADEFAULT')}`)
    const {account, arn} = await call()
    assert.deepEqual({account, arn}, {account: '123456789012', arn: 'arn:aws:iam::123456789012:user/me'})
    assert.equal(usedKey(), 'AKIADEFAULT')
  })

  it('uses the environment before the default profile', async () => {
    write('credentials', `[default]\n${keys('AKIADEFAULT')}`)
    Object.assign(process.env, {AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 's'})
    await call()
    assert.equal(usedKey(), 'AKIAENV')
  })

  it("uses the settings' profile before the environment", async () => {
    write('credentials', `[ops]\n${keys('AKIAOPS')}`)
    Object.assign(process.env, {AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 's'})
    await call({profile: 'ops'})
    assert.equal(usedKey(), 'AKIAOPS')
  })

  it("uses the settings' credentials file before everything, and nothing of ~/.aws", async () => {
    write('credentials', `[default]\n${keys('AKIADEFAULT')}`)
    write('config', '[default]\nregion = eu-west-1\nuse_fips_endpoint = true\n')
    Object.assign(process.env, {AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 's'})
    const credentialsFile = join(home, 'lab-credentials')
    writeFileSync(credentialsFile, `[default]\n${keys('AKIALAB')}`)
    await call({credentialsFile})
    assert.equal(usedKey(), 'AKIALAB')
    assert.equal(usedRegion(), 'us-east-2')
  })

  it('never falls back to another identity from a profile that is not there', async () => {
    Object.assign(process.env, {AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 's'})
    const error = await failure({profile: 'opps'})
    assert.deepEqual(describeError(error), {
      code: 'AWS_CREDENTIALS_MISSING',
      exit: 10,
      message: 'sts:GetCallerIdentity in us-east-2: profile opps does not exist, or names no credentials',
      suggestions: ['aws configure list-profiles'],
    })
    assert.equal(canned.seen.length, 0)
  })

  it('says how to get credentials where there are none', async () => {
    assert.deepEqual(describeError(await failure()), {
      code: 'AWS_CREDENTIALS_MISSING',
      exit: 10,
      message: 'sts:GetCallerIdentity in us-east-2: there are no AWS credentials',
      suggestions: [
        'aws configure sso',
        'aws sso login --profile NAME, then add --profile NAME or export AWS_PROFILE=NAME',
      ],
    })
  })

  it('does not make a laptop wait for an instance metadata service that is not there', async () => {
    const silent = await serve(() => {})
    delete process.env.AWS_EC2_METADATA_DISABLED
    process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = silent.url
    try {
      const error = await failure()
      assert.equal(error.code, 'AWS_CREDENTIALS_MISSING')
      // None where the SDK's second was over before the request had arrived.
      assert.ok(silent.seen.length <= 1, 'the service was not asked again')
    } finally {
      await silent.close()
    }
  })

  it('takes the credentials of an instance', async () => {
    const role = {
      Code: 'Success',
      AccessKeyId: 'ASIAROLE',
      SecretAccessKey: 's',
      Token: 't',
      Expiration: '2099-01-01T00:00:00Z',
    }
    const metadata = await serve((response, count) => {
      response.end(['token', 'the-role', JSON.stringify(role)][count - 1])
    })
    delete process.env.AWS_EC2_METADATA_DISABLED
    process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = metadata.url
    try {
      await call()
      assert.equal(usedKey(), 'ASIAROLE')
    } finally {
      await metadata.close()
    }
  })

  for (const [what, sso, cacheKey] of [
    ['a session', '[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = us-east-1\n', 'corp'],
    ['a start URL', '', 'https://corp.example/start'],
  ] as const) {
    it(`names the login of an expired SSO profile with ${what}`, async () => {
      const start =
        sso === '' ? 'sso_start_url = https://corp.example/start\nsso_region = us-east-1' : 'sso_session = corp'
      write('config', `[profile ops]\n${start}\nsso_account_id = 123456789012\nsso_role_name = Ops\n${sso}`)
      const token = {accessToken: 'ACCESSTOKEN', expiresAt: '2020-01-01T00:00:00Z'}
      const file = `${createHash('sha1').update(cacheKey).digest('hex')}.json`
      writeFileSync(join(home, '.aws/sso/cache', file), JSON.stringify(token))
      const error = await failure({profile: 'ops'})
      assert.deepEqual([error.code, error.exit], ['AWS_CREDENTIALS_EXPIRED', 10])
      assert.match(error.message, /^sts:GetCallerIdentity in us-east-2: profile ops is not logged in: /)
      assert.deepEqual(error.suggestions, ['aws sso login --profile ops'])
    })
  }

  it('names the role that may not be assumed, not the call that needed it', async () => {
    write('credentials', `[base]\n${keys('AKIABASE')}`)
    write('config', '[profile ops]\nrole_arn = arn:aws:iam::1:role/ops\nsource_profile = base\n')
    const text =
      'User: arn:aws:iam::1:user/me is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/ops'
    const refusing = await serve((response) => xmlError(response, 403, 'AccessDenied', text))
    process.env.AWS_ENDPOINT_URL = refusing.url
    try {
      const error = await failure({profile: 'ops'})
      assert.deepEqual([error.code, error.exit], ['AWS_ACCESS_DENIED', 10])
      assert.equal(
        error.message,
        'sts:GetCallerIdentity in us-east-2: arn:aws:iam::1:user/me is not allowed sts:AssumeRole on arn:aws:iam::1:role/ops',
      )
    } finally {
      await refusing.close()
    }
  })

  it('says that a credential process failed, without its command line', async () => {
    write('config', '[profile ops]\ncredential_process = false --password TOPSECRET\n')
    const error = await failure({profile: 'ops'})
    assert.equal(error.code, 'AWS_CREDENTIALS_MISSING')
    assert.match(error.message, /no credentials from profile ops: its credential_process failed$/)
    assert.doesNotMatch(inspect(error, {depth: 20, showHidden: true}), /TOPSECRET/)
  })

  it('names the variables where expired keys came from the environment', async () => {
    Object.assign(process.env, {AWS_ACCESS_KEY_ID: 'ASIAENV', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't'})
    const refusing = await serve((response) => xmlError(response, 403, 'ExpiredToken', 'expired'))
    try {
      const error = await failure({endpoints: {all: refusing.url}})
      assert.deepEqual(describeError(error), {
        code: 'AWS_CREDENTIALS_EXPIRED',
        exit: 10,
        message:
          'sts:GetCallerIdentity in us-east-2: the credentials of this environment (AWS_ACCESS_KEY_ID) have expired',
        suggestions: [
          'export current AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or unset them and use --profile',
        ],
      })
    } finally {
      await refusing.close()
    }
  })

  it('takes the endpoint from the environment, the service before the rest, the settings before both', async () => {
    write('credentials', `[default]\n${keys('AKIADEFAULT')}`)
    const other = await serve((response) => void response.writeHead(200).end(identity))
    try {
      process.env.AWS_ENDPOINT_URL = other.url
      await call({endpoints: {}})
      assert.deepEqual([canned.seen.length, other.seen.length], [0, 1])
      process.env.AWS_ENDPOINT_URL_STS = canned.url
      await call({endpoints: {}})
      assert.deepEqual([canned.seen.length, other.seen.length], [1, 1])
      await call({endpoints: {all: canned.url, sts: other.url}})
      assert.deepEqual([canned.seen.length, other.seen.length], [1, 2])
    } finally {
      await other.close()
    }
  })

  it("takes the region from the settings, the environment, the profile, or the runbook's", async () => {
    const region = (changes: Partial<ClusterSettings>): Promise<string> =>
      openAws({...settings, ...changes}, {timeoutMs: 30_000}).region()
    write('config', '[default]\nregion = eu-west-1\n[profile ops]\nregion = eu-north-1\n')
    assert.equal(await region({}), 'eu-west-1')
    assert.equal(await region({profile: 'ops'}), 'eu-north-1')
    assert.equal(await region({profile: 'no-region'}), 'us-east-2')
    process.env.AWS_REGION = 'ap-south-1'
    assert.equal(await region({profile: 'ops'}), 'ap-south-1')
    assert.equal(await region({region: 'us-west-2', profile: 'ops'}), 'us-west-2')
  })

  it('writes nothing to the terminal and ends with its last call', async () => {
    write('credentials', `[default]\n${keys('AKIADEFAULT')}`)
    const module = pathToFileURL(join(import.meta.dirname, '../../../../src/lib/clients/aws/aws.ts')).href
    const program = `
      const {openAws} = await import(${JSON.stringify(module)})
      const aws = openAws(${JSON.stringify(settings)}, {timeoutMs: 20000})
      const {account} = await (await aws.identity()).caller()
      const start = performance.now()
      process.on('exit', () => console.log(account, performance.now() - start < 15_000 ? 'at once' : 'late'))`
    const env = {
      ...process.env,
      AWS_PROFILE: 'default',
      AWS_ACCESS_KEY_ID: 'AKIAENV',
      AWS_SECRET_ACCESS_KEY: 's',
    }
    const {stdout, stderr} = await new Promise<{stdout: string; stderr: string}>((resolve, reject) => {
      execFile(process.execPath, ['--input-type=module', '--eval', program], {env}, (error, out, err) =>
        error ? reject(error) : resolve({stdout: out, stderr: err}),
      )
    })
    assert.deepEqual({stdout, stderr}, {stdout: '123456789012 at once\n', stderr: ''})
  })
})
