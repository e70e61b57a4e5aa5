import assert from 'node:assert/strict'
import type {AwsCredentialIdentity} from '@smithy/types'
import {keepingTheLast} from '../../../../src/lib/clients/aws/credentials.ts'
import {eventually} from '../../../support/eventually.ts'

describe('credentials that are renewed', () => {
  const keys = (accessKeyId: string, seconds: number): AwsCredentialIdentity => ({
    accessKeyId,
    secretAccessKey: 's',
    expiration: new Date(Date.now() + seconds * 1000),
  })

  it('are those before while a renewal fails or hangs, and the new ones when it has come', async () => {
    const hanging = Promise.withResolvers<AwsCredentialIdentity>()
    const answers = [async () => keys('FIRST', 60), () => Promise.reject(new Error('no login')), () => hanging.promise]
    let asked = 0
    const get = keepingTheLast(() => answers[Math.min(asked++, 2)]!(), 20)
    const ids = async (): Promise<string> => (await get()).accessKeyId
    assert.deepEqual(
      [await ids(), await ids(), await ids(), await ids(), asked],
      ['FIRST', 'FIRST', 'FIRST', 'FIRST', 3],
    )
    hanging.resolve(keys('SECOND', 60))
    await eventually('the new ones', async () => (await ids()) === 'SECOND')
  })

  it('are waited for where there are none that serve, and a failure is thrown then', async () => {
    let asked = 0
    const get = keepingTheLast(() =>
      asked++ === 0 ? Promise.resolve(keys('OLD', -1)) : Promise.reject(new Error('no')),
    )
    assert.equal((await get()).accessKeyId, 'OLD')
    await assert.rejects(get(), /no/)
    const slow = Promise.withResolvers<AwsCredentialIdentity>()
    const first = keepingTheLast(() => slow.promise, 0)()
    slow.resolve(keys('NEW', 60))
    assert.equal((await first).accessKeyId, 'NEW')
  })
})
