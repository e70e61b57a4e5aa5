import assert from 'node:assert/strict'
import {once} from 'node:events'
import {request as httpRequest} from 'node:http'
import {connect} from 'node:net'
import {networkInterfaces} from 'node:os'
import {GetCallerIdentityCommand, STSClient} from '@aws-sdk/client-sts'
import type {AwsWorld} from '../../../../src/lib/lab/aws/world.ts'
import {account, type Lab, region, startLab, startWorld} from './support/lab.ts'
import {getParameter, type RawRequest, send, sign} from './support/raw.ts'
import {refusals} from './support/refusals.ts'

describe('the AWS endpoint', () => {
  let world: AwsWorld
  let lab: Lab

  before(async () => {
    ;({world} = await startWorld({nodes: 1}))
    world.putParameter('/a', 'v')
    lab = await startLab(world)
  })
  after(() => lab.close())

  const raw = (request: Partial<RawRequest> = {}) => send(lab.url, {...getParameter, ...request})

  it('answers all services on one URL', async () => {
    assert.match(lab.url, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.deepEqual(await refusals(lab.settings), {
      ssm: 'answered',
      autoscaling: 'answered',
      ec2: 'answered',
      sts: 'answered',
    })
    const {Account, Arn, UserId} = await new STSClient(lab.settings).send(new GetCallerIdentityCommand({}))
    assert.deepEqual([Account, Arn], [account, `arn:aws:iam::${account}:user/lab`])
    assert.match(UserId ?? '', /^AIDA[0-9A-F]{17}$/)
  })

  it('gives every answer its own request id', async () => {
    const [one, other] = [await raw(), await raw()]
    assert.equal(one.status, 200)
    assert.match(one.headers.get('x-amzn-requestid') ?? '', /^[0-9a-f-]{36}$/)
    assert.notEqual(one.headers.get('x-amzn-requestid'), other.headers.get('x-amzn-requestid'))
    const query = await raw({service: 'sts', body: 'Action=Nonsense&Version=2011-06-15', headers: {}})
    assert.match(query.text, new RegExp(`<RequestId>${query.headers.get('x-amzn-requestid')}</RequestId>`))
    const ec2 = await raw({service: 'ec2', body: 'Action=Nonsense&Version=2016-11-15', headers: {}})
    assert.match(ec2.text, new RegExp(`<RequestID>${ec2.headers.get('x-amzn-requestid')}</RequestID>`))
  })

  it('does not know actions and services that it does not have', async () => {
    const headers = {'x-amz-target': 'AmazonSSM.constructor'}
    const unknown = await raw({headers})
    assert.deepEqual([unknown.status, JSON.parse(unknown.text)], [400, {__type: 'UnknownOperationException'}])
    const answers = [
      await raw({headers: {}}),
      await raw({service: 'autoscaling', body: 'Action=CreateAutoScalingGroup&Version=2011-01-01', headers: {}}),
      await raw({service: 'autoscaling', body: 'Version=2011-01-01', headers: {}}),
      await raw({service: 'ec2', body: 'Action=TerminateInstances&Version=2016-11-15', headers: {}}),
      await raw({service: 'ec2', body: '', headers: {}}),
      await raw({service: 's3', body: '', headers: {}}),
    ]
    const codes = answers.map(({status, text}) => `${status} ${/(?:<Code>|__type":")(\w+)/.exec(text)?.[1]}`)
    assert.deepEqual(codes, [
      '400 UnknownOperationException',
      '400 InvalidAction',
      '400 MissingAction',
      '400 InvalidAction',
      '400 MissingAction',
      '400 InvalidAction',
    ])
  })

  it('refuses bodies that are not what the protocol says', async () => {
    for (const text of ['{"Name":', '[]', '"x"', 'null', '\u0000']) {
      const {status, text: answer} = await raw({body: text})
      assert.deepEqual([status, JSON.parse(answer).__type], [400, 'SerializationException'], text)
    }
    for (const text of ['{"Name":7}', '{"Name":["/a"]}', '{"Name":"/a","WithDecryption":"maybe"}', '', '{}']) {
      const {status, text: answer} = await raw({body: text})
      assert.deepEqual([status, JSON.parse(answer).__type], [400, 'ValidationException'], text)
    }
    const form = (text: string) => raw({service: 'ec2', headers: {}, body: `Action=DescribeInstances&${text}`})
    assert.equal((await form('__proto__.x=1&constructor.prototype.y=2&a.b.c.d.e.f.g.h.i.j=1&a=%ff&=&&')).status, 200)
    assert.equal(Object.hasOwn(Object.prototype, 'x') || Object.hasOwn(Object.prototype, 'y'), false)
    assert.match((await form('InstanceId.x=1&Filter=7')).text, /<Code>InvalidParameterValue<\/Code>/)
    assert.match((await form('Filter.1=7')).text, /<Code>InvalidParameterValue<\/Code>/)
    assert.match((await form('MaxResults=five')).text, /<Code>InvalidParameterValue<\/Code>/)
  })

  it('has nothing but POST and GET at its root', async () => {
    assert.equal((await fetch(`${lab.url}/latest/meta-data`)).status, 404)
    assert.equal((await fetch(lab.url, {method: 'DELETE'})).status, 405)
  })

  it('answers only under its own name', async () => {
    const port = new URL(lab.url).port
    const ask = async (host: string) => {
      const request = httpRequest(lab.url, {method: 'POST', headers: {...sign(host, {service: 'sts', body: ''}), host}})
      request.end()
      const [response] = await once(request, 'response')
      response.resume()
      return response.statusCode
    }
    assert.equal(await ask(`attacker.example:${port}`), 403)
    assert.equal(await ask('127.0.0.1:1'), 403)
    assert.equal(await ask('127.0.0.1'), 403)
    assert.equal(await ask(`localhost:${port}`), 400, 'signed, but names no action')
  })

  it('listens on the loopback address only', async () => {
    const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses)
    const others = own.filter(({family, address}) => family === 'IPv4' && address !== '127.0.0.1')
    const elsewhere = others.map(({address}) => address)
    if (process.platform === 'linux') elsewhere.push('127.0.0.2')
    for (const host of elsewhere) {
      const [error] = await once(connect({host, port: Number(new URL(lab.url).port)}), 'error')
      assert.equal(error.code, 'ECONNREFUSED', host)
    }
  })

  it('does not take in a body without end', async () => {
    const huge = await raw({body: 'x'.repeat(256 * 1024 + 1)})
    assert.deepEqual([huge.status, JSON.parse(huge.text).__type], [413, 'RequestEntityTooLarge'])
    const request = httpRequest(lab.url, {method: 'POST', headers: {'transfer-encoding': 'chunked'}})
    request.on('error', () => {})
    const chunk = Buffer.alloc(64 * 1024)
    for (let count = 0; count < 5; count++) request.write(chunk)
    const [response] = await once(request, 'response')
    assert.equal(response.statusCode, 413)
    response.resume()
    request.destroy()
    assert.equal((await raw()).status, 200)
  })

  it('gives up on a request that does not arrive', async () => {
    const hasty = await startLab(world, {requestTimeoutMs: 300})
    const {port: hastyPort} = new URL(hasty.url)
    for (const text of [
      'POST / HTTP/1.1\r\nHo',
      `POST / HTTP/1.1\r\nHost: 127.0.0.1:${hastyPort}\r\nContent-Length: 10\r\n\r\nabc`,
    ]) {
      const socket = connect({host: '127.0.0.1', port: Number(hastyPort)})
      socket.setEncoding('utf8').write(text)
      const [answer] = await once(socket, 'data')
      assert.match(answer, /^HTTP\/1\.1 408 /)
      await once(socket, 'close')
    }
    await hasty.close()
    const port = Number(new URL(lab.url).port)
    const socket = connect({host: '127.0.0.1', port})
    socket.setEncoding('utf8').write('nonsense\r\n\r\n')
    const [answer] = await once(socket, 'data')
    assert.match(answer, /^HTTP\/1\.1 400 /)
    const gone = connect({host: '127.0.0.1', port})
    await once(gone, 'connect')
    gone.write(`POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 10\r\n\r\nabc`)
    gone.destroy()
    assert.equal((await raw()).status, 200)
  })

  it('tells a caller when a listener stopped a termination', async () => {
    const stop = world.onTerminate(() => {
      throw new Error('two nodes would be down')
    })
    const id = world.instances()[0]?.id
    const query = `Action=TerminateInstanceInAutoScalingGroup&InstanceId=${id}&ShouldDecrementDesiredCapacity=false`
    const {status, text} = await raw({service: 'autoscaling', headers: {}, body: query})
    stop()
    assert.equal(status, 500)
    assert.match(text, /<Type>Receiver<\/Type><Code>InternalFailure<\/Code><Message>two nodes would be down<\/Message>/)
  })

  it('says when its port is taken', async () => {
    const port = Number(new URL(lab.url).port)
    await assert.rejects(startLab(world, {port}), {
      name: 'OpsError',
      code: 'PORT_TAKEN',
      message: `port ${port} on 127.0.0.1 is taken`,
    })
  })

  it('closes although a client keeps its connection, and is gone then', async () => {
    const other = await startLab(world)
    const idle = connect({host: '127.0.0.1', port: Number(new URL(other.url).port)})
    await once(idle, 'connect')
    idle.on('error', () => {})
    await new STSClient({...other.settings, region}).send(new GetCallerIdentityCommand({}))
    await other.close()
    await assert.rejects(fetch(other.url), {message: 'fetch failed'})
  })
})
