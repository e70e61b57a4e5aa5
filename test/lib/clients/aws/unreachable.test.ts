import assert from 'node:assert/strict'
import {createServer} from 'node:net'
import {openAws} from '../../../../src/lib/clients/aws/aws.ts'
import {describe as describeError, type OpsError} from '../../../../src/lib/errors.ts'
import {serve} from './canned.ts'
import {rejection, whoAmI} from './failing-calls.ts'

describe('an AWS that cannot be reached', () => {
  async function failure(endpoint: string): Promise<OpsError> {
    const canned = await serve(() => {})
    await canned.close()
    const settings = {...canned.settings, endpoints: {all: endpoint.replace('CLOSED', canned.host)}}
    const again = await serve(() => {})
    try {
      return await rejection(
        whoAmI(openAws({...settings, credentialsFile: again.settings.credentialsFile}, {timeoutMs: 30_000})),
      )
    } finally {
      await again.close()
    }
  }

  it('names the host that refuses the connection', async () => {
    const error = await failure('http://CLOSED')
    assert.deepEqual([error.code, error.exit], ['AWS_UNREACHABLE', 7])
    assert.match(error.message, /^sts:GetCallerIdentity in us-east-2: 127\.0\.0\.1:\d+ refused the connection$/)
  })

  it('names the host that does not resolve', async () => {
    const error = await failure('http://nowhere.invalid')
    assert.deepEqual(describeError(error), {
      code: 'AWS_UNREACHABLE',
      exit: 7,
      message: 'sts:GetCallerIdentity in us-east-2: nowhere.invalid does not resolve',
      suggestions: ['check the network, and that us-east-2 is a region'],
    })
  })

  it('says when TLS is what fails', async () => {
    const server = createServer((socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const {port} = server.address() as {port: number}
    try {
      const error = await failure(`https://127.0.0.1:${port}`)
      assert.deepEqual([error.code, error.exit], ['AWS_TLS', 7])
      assert.match(error.message, new RegExp(`no trusted TLS connection to 127\\.0\\.0\\.1:${port} \\(\\w+\\)$`))
    } finally {
      server.close()
    }
  })

  it('names an endpoint URL that is none', async () => {
    const error = await failure('not a url')
    assert.deepEqual([error.code, error.exit], ['AWS_CONFIGURATION', 2])
    assert.equal(error.message, 'sts:GetCallerIdentity in us-east-2: Invalid URL: not a url')
  })

  it('names a region that is none', async () => {
    const canned = await serve(() => {})
    try {
      const error = await rejection(
        whoAmI(openAws({...canned.settings, endpoints: {}, region: 'us east'}, {timeoutMs: 30_000})),
      )
      assert.deepEqual([error.code, error.exit], ['AWS_CONFIGURATION', 2])
      assert.match(error.message, /region="us east"/)
    } finally {
      await canned.close()
    }
  })
})
