import assert from 'node:assert/strict'
import {connectNats} from '../../../../src/lib/clients/nats/nats.ts'

describe('a connection to NATS', () => {
  it('is not tried where the name has no address, or none in time', async () => {
    const asked: string[] = []
    const addresses = (host: string): Promise<readonly string[]> => {
      asked.push(host)
      if (host === 'hangs.invalid') return new Promise(() => {})
      return Promise.reject(Object.assign(new Error('no'), {code: 'EAI_AGAIN'}))
    }
    const servers = ['hangs.invalid:4222', 'tls://silent.invalid:4222']
    const options = {servers, credentials: undefined, timeoutMs: 20}
    await assert.rejects(connectNats({tls: {ca: undefined, cert: undefined, key: undefined}}, options, {addresses}), {
      message:
        'cannot connect to any server\n  hangs.invalid:4222: no answer within 0.02s\n' +
        '  tls://silent.invalid:4222: the name does not resolve: the name server does not answer',
    })
    assert.deepEqual(asked, ['hangs.invalid', 'silent.invalid'])
  })
})
