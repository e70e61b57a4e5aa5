import assert from 'node:assert/strict'
import {openJetStreamApi} from '../../../../src/lib/clients/nats/jetstream-api.ts'
import {OpsError} from '../../../../src/lib/errors.ts'
import {listConsumers} from '../../../../src/lib/ops/reports/asset-info.ts'
import {sighting} from '../../../support/report-looks.ts'

const stream = sighting('orders', 'n1', {leader: 'n1'})

describe('consumers of a stream that is shown', () => {
  it('are said to be unseen while the meta group has no quorum', async () => {
    const seen = await listConsumers(refusing(503, 10_008, 'JetStream system temporarily unavailable'), stream)
    assert.deepEqual(seen, {
      consumers: [],
      complete: false,
      cannotSee: [
        'consumers: $JS.API.CONSUMER.LIST.orders: JetStream refused with 503: JetStream system temporarily unavailable (10008)',
      ],
    })
  })

  it('fail with any other refusal', async () => {
    const isRefused = (error: unknown): boolean => error instanceof OpsError && error.code === 'JETSTREAM_REFUSED'
    await assert.rejects(listConsumers(refusing(400, 10_003, 'bad request'), stream), isRefused)
  })
})

/** JetStream's own API, on a connection that answers with this error. */
function refusing(code: number, errCode: number, description: string): ReturnType<typeof openJetStreamApi> {
  const answer = Buffer.from(JSON.stringify({error: {code, err_code: errCode, description}}))
  return openJetStreamApi({request: async () => answer}, {name: 'APP', id: 'AAPP'}, {timeoutMs: 1000})
}
