import assert from 'node:assert/strict'
import {Exit} from '../../../src/lib/errors.ts'
import {eventually} from '../../support/eventually.ts'
import {addStream} from '../../support/jetstream.ts'
import {paceWith, type RollLab, startRollLab} from '../../support/roll-lab.ts'

/**
 * Two of a stream's three replicas are gone, and the cluster of five has a majority all the same. 2.10 says 200 then,
 * 2.15 says 503.
 */
describe('row 3: a stream without a leader on a node that says 200', function () {
  this.timeout(600_000)
  this.slow(60_000)
  let lab: RollLab

  before(async () => {
    lab = await startRollLab({series: '2.10', nodes: 5})
  })
  after(() => lab?.stop())

  it('holds the roll at the gate, names the group and terminates nothing', async () => {
    const {cluster} = await addStream(lab.admin, {name: 'lonely', subjects: ['lonely.>'], num_replicas: 3})
    const [target = '', second = ''] = (cluster?.replicas ?? []).map(({name}) => name)
    const port = (await lab.status()).nodes.find(({name}) => name === target)?.monitorPort
    let isBroken = false
    const onEntry = async (state: string): Promise<void> => {
      if (state !== 'GATE' || isBroken) return
      await Promise.all([lab.act('kill', cluster?.leader ?? ''), lab.act('kill', second)])
      // Among them may have been the meta leader: until there is another one, the node does not say 200.
      await eventually('no leader, and 200', async () => {
        const {ok} = await fetch(`http://127.0.0.1:${port}/healthz`)
        return ok && (await leaderOn(port)) === undefined
      })
      isBroken = true
    }
    const {exit, message, states} = await lab.roll({request: {only: [target]}, pace: paceWith({gate: 10_000}), onEntry})
    assert.ok(isBroken, `never came to GATE: ${message}`)
    assert.equal(exit, Exit.held, message)
    assert.equal(states.at(-1), 'GATE')
    assert.match(message, /I2: stream lonely has no leader/)
    assert.deepEqual(await lab.terminations(), [])
  })
})

async function leaderOn(port: number | undefined): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/jsz?accounts=true&streams=true`)
  const {account_details: accounts = []} = (await response.json()) as {
    account_details?: {stream_detail?: {name: string; cluster?: {leader?: string}}[]}[]
  }
  const streams = accounts.flatMap(({stream_detail: list = []}) => list)
  return streams.find(({name}) => name === 'lonely')?.cluster?.leader || undefined
}
