import assert from 'node:assert/strict'
import {
  DeleteParameterCommand,
  DeleteParametersCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  type PutParameterCommandInput,
  SSMClient,
} from '@aws-sdk/client-ssm'
import type {AwsWorld} from '../../../../src/lib/lab/aws/world.ts'
import {FakeClock} from './support/fake-clock.ts'
import {startLab, startWorld} from './support/lab.ts'

describe('SSM of the lab', () => {
  let world: AwsWorld
  let client: SSMClient
  let close: () => Promise<void>

  before(async () => {
    const clock = new FakeClock('2026-03-01T09:00:00.250Z')
    ;({world} = await startWorld({nodes: 0, clock}))
    const lab = await startLab(world)
    client = new SSMClient(lab.settings)
    close = async () => {
      client.destroy()
      await lab.close()
    }
  })
  after(() => close())
  beforeEach(() => {
    for (const {name} of world.parameters.all()) world.parameters.delete(name)
  })

  const put = (input: Partial<PutParameterCommandInput>) =>
    client.send(new PutParameterCommand({Name: '/a/b', Value: 'v', Type: 'String', ...input}))
  const get = (Name: string, WithDecryption = false) => client.send(new GetParameterCommand({Name, WithDecryption}))
  const failure = (name: string, message: string | RegExp) => ({name, message})

  it('gives a parameter with all that AWS says about it', async () => {
    world.putParameter('/a/b', 'värde <&>')
    const {Parameter} = await get('/a/b')
    assert.deepEqual(Parameter, {
      ARN: 'arn:aws:ssm:us-east-2:123456789012:parameter/a/b',
      DataType: 'text',
      LastModifiedDate: new Date('2026-03-01T09:00:00.250Z'),
      Name: '/a/b',
      Type: 'String',
      Value: 'värde <&>',
      Version: 1,
    })
  })

  it('finds a parameter by its ARN and by its version', async () => {
    world.putParameter('/a/b', 'one')
    world.putParameter('/a/b', 'two')
    assert.equal((await get('arn:aws:ssm:us-east-2:123456789012:parameter/a/b')).Parameter?.Value, 'two')
    world.putParameter('flat', 'f')
    assert.equal((await get('arn:aws:ssm:us-east-2:123456789012:parameter/flat')).Parameter?.Value, 'f')
    await assert.rejects(get('/flat'), {name: 'ParameterNotFound'})
    const {Parameter} = await get('/a/b:2')
    assert.deepEqual([Parameter?.Value, Parameter?.Selector], ['two', ':2'])
    await assert.rejects(
      get('/a/b:1'),
      failure(
        'ParameterVersionNotFound',
        'Systems Manager could not find version 1 of /a/b. Verify the version and try again.',
      ),
    )
  })

  it('never gives the value of a SecureString without decryption', async () => {
    world.putParameter('/a/seed', 'SUSECRETSEED', {type: 'SecureString'})
    assert.equal((await get('/a/seed', true)).Parameter?.Value, 'SUSECRETSEED')
    const hidden = [
      (await get('/a/seed')).Parameter,
      (await client.send(new GetParametersCommand({Names: ['/a/seed']}))).Parameters?.[0],
      (await client.send(new GetParametersByPathCommand({Path: '/a'}))).Parameters?.[0],
    ]
    for (const parameter of hidden) {
      assert.match(parameter?.Value ?? '', /^AQICAH[A-Za-z0-9+/=]{200,}$/)
      assert.equal(Buffer.from(parameter?.Value ?? '', 'base64').includes('SUSECRETSEED'), false)
    }
    assert.equal(new Set(hidden.map((parameter) => parameter?.Value)).size, 1, 'the same until it is written again')
  })

  it('does not know a parameter that is not there', async () => {
    await assert.rejects(get('/a/b'), {name: 'ParameterNotFound'})
    await assert.rejects(client.send(new DeleteParameterCommand({Name: '/a/b'})), {name: 'ParameterNotFound'})
  })

  it('gives those of ten names it knows, and names the others', async () => {
    world.putParameter('/a', '1')
    world.putParameter('/b', '2')
    const {Parameters, InvalidParameters} = await client.send(
      new GetParametersCommand({Names: ['/b', '/none', '/a', '/a:7']}),
    )
    assert.deepEqual(
      Parameters?.map(({Name, Value}) => `${Name}=${Value}`),
      ['/b=2', '/a=1'],
    )
    assert.deepEqual(InvalidParameters, ['/none', '/a:7'])
    const Names = Array.from({length: 11}, (_, index) => `/${index}`)
    await assert.rejects(
      client.send(new GetParametersCommand({Names})),
      failure(
        'ValidationException',
        /at 'names' failed to satisfy constraint: Member must have length less than or equal to 10$/,
      ),
    )
  })

  it('lists a path in pages of ten', async () => {
    for (let index = 12; index > 0; index--)
      world.putParameter(`/c/services/s${String(index).padStart(2, '0')}/host`, `${index}`)
    world.putParameter('/c/top', 't')
    world.putParameter('/cc/other', 'o')
    const page = (NextToken?: string, more: object = {}) =>
      client.send(new GetParametersByPathCommand({Path: '/c/', Recursive: true, NextToken, ...more}))
    const first = await page()
    assert.equal(first.Parameters?.length, 10)
    world.parameters.delete('/c/services/s10/host')
    const second = await page(first.NextToken)
    assert.deepEqual(
      second.Parameters?.map(({Name}) => Name),
      ['/c/services/s11/host', '/c/services/s12/host', '/c/top'],
      'nothing is skipped where the last one shown is gone',
    )
    assert.equal(second.NextToken, undefined)
    const flat = await client.send(new GetParametersByPathCommand({Path: '/c'}))
    assert.deepEqual(
      flat.Parameters?.map(({Name}) => Name),
      ['/c/top'],
    )
    const small = await page(undefined, {MaxResults: 3})
    const next = await page(small.NextToken, {MaxResults: 3})
    assert.deepEqual(
      next.Parameters?.map(({Name}) => Name?.slice(13, 15)),
      ['04', '05', '06'],
    )
  })

  it('refuses a page size, a path and a token that AWS refuses', async () => {
    const list = (input: object) => client.send(new GetParametersByPathCommand({Path: '/c', ...input}))
    await assert.rejects(
      list({MaxResults: 11}),
      failure('ValidationException', /Value '11' at 'maxResults' .* less than or equal to 10$/),
    )
    await assert.rejects(list({MaxResults: 0}), failure('ValidationException', /greater than or equal to 1$/))
    for (const Path of ['c', '', '/a b', '/a//b', `/${'a'.repeat(5000)}!`]) {
      await assert.rejects(list({Path}), failure('ValidationException', /must begin with a forward slash/))
    }
    for (const NextToken of ['x', Buffer.from('["groups","a",1]').toString('base64url')]) {
      await assert.rejects(list({NextToken}), {name: 'InvalidNextToken'})
    }
  })

  it('writes, and overwrites only when told to, counting versions', async () => {
    assert.partialDeepStrictEqual(await put({Value: 'one', Type: 'SecureString'}), {Version: 1, Tier: 'Standard'})
    await assert.rejects(
      put({Value: 'two'}),
      failure(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      ),
    )
    assert.equal((await get('/a/b', true)).Parameter?.Value, 'one')
    assert.equal((await put({Value: 'two', Type: undefined, Overwrite: true})).Version, 2)
    const {Parameter} = await get('/a/b', true)
    assert.deepEqual([Parameter?.Value, Parameter?.Type, Parameter?.Version], ['two', 'SecureString', 2])
  })

  it('gives exactly one of two simultaneous creations the parameter', async () => {
    const outcomes = await Promise.allSettled(['x', 'y'].map((Value) => put({Value})))
    assert.deepEqual(outcomes.map(({status}) => status).sort(), ['fulfilled', 'rejected'])
  })

  it('starts at version 1 again after a deletion', async () => {
    await put({})
    await put({Overwrite: true})
    await client.send(new DeleteParameterCommand({Name: '/a/b'}))
    assert.equal((await put({})).Version, 1)
    const {DeletedParameters, InvalidParameters} = await client.send(
      new DeleteParametersCommand({Names: ['/a/b', '/none']}),
    )
    assert.deepEqual([DeletedParameters, InvalidParameters], [['/a/b'], ['/none']])
  })

  it('refuses names, types and values that AWS refuses', async () => {
    await assert.rejects(put({Type: undefined}), failure('ValidationException', /A parameter type is required/))
    await assert.rejects(
      put({Type: 'Secret' as 'String'}),
      failure('ValidationException', /enum value set: \[String, /),
    )
    await assert.rejects(put({Value: ''}), failure('ValidationException', /at 'value'/))
    await assert.rejects(put({Value: undefined}), failure('ValidationException', /at 'value' .* not be null$/))
    await assert.rejects(
      put({Name: 'a/b'}),
      failure('ValidationException', 'Parameter name must be a fully qualified name.'),
    )
    for (const Name of ['/aws/x', 'ssm-x', '/a b', '/a//b', '/a/', `/${'a-'.repeat(500)}!`]) {
      await assert.rejects(put({Name}), failure('ValidationException', /^Parameter name: can't be prefixed/), Name)
    }
    await assert.rejects(put({Name: '/a'.repeat(16)}), {name: 'HierarchyLevelLimitExceededException'})
    assert.deepEqual(world.parameters.all(), [])
  })

  it('holds 4096 bytes, or 8192 where an advanced parameter is asked for', async () => {
    assert.equal((await put({Value: 'x'.repeat(4096)})).Version, 1)
    await assert.rejects(
      put({Value: 'é'.repeat(2049), Overwrite: true}),
      failure(
        'ValidationException',
        /^Standard tier parameters support a maximum parameter value of 4096 characters\./,
      ),
    )
    assert.equal((await put({Value: 'x'.repeat(8192), Tier: 'Advanced', Overwrite: true})).Tier, 'Advanced')
    await assert.rejects(
      put({Value: 'x'.repeat(8193), Tier: 'Advanced', Overwrite: true}),
      failure('ValidationException', 'Advanced tier parameters support a maximum parameter value of 8192 characters.'),
    )
  })
})
