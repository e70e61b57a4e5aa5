import assert from 'node:assert/strict'
import {type Ledger, openLedger} from '../../support/ledger.ts'
import {type RollLab, startRollLab} from '../../support/roll-lab.ts'

describe('a roll by instance refresh, while the meta leader moves', function () {
  this.timeout(600_000)
  this.slow(120_000)
  let lab: RollLab
  let ledger: Ledger | undefined

  before(async () => {
    lab = await startRollLab({series: '2.15'})
  })
  after(async () => {
    await ledger?.close()
    await lab?.stop()
  })

  it('row 14: every group refreshes its own instance, nothing acknowledged is lost, the new meta leader goes last', async () => {
    ledger = await openLedger({connect: (index) => lab.connect(index), messagesPerSecond: 300})
    let leader = ''
    const order: string[] = []
    let successor: string | undefined
    const {message, events, plan} = await lab.roll({
      request: {strategy: 'instance-refresh'},
      world: {warmupSeconds: 1},
      onEvent: (event) => {
        if (event.type === 'started') leader = event.plan.nodes.at(-1)?.identity.node ?? ''
        if (event.type === 'selected') order.push(event.identity.node)
      },
      onEntry: async (state) => {
        if (state !== 'SELECT' || order.length === lab.nodes.length) return
        // Once the first node is done: of the two that are left, the one that would be next leads from then on. Each
        // time anew, for on a slow machine the servers elect another one by themselves.
        if (order.length === 1) successor = lab.nodes.find((node) => node !== leader && !order.includes(node))
        await lab.moveMetaLeader(successor ?? leader)
      },
    })
    await ledger.stop()
    const verdict = await ledger.judge(lab.nodes)
    assert.equal(message, '')
    assert.deepEqual([verdict.wrong, verdict.lost, verdict.equal], [[], 0, true])
    assert.equal(plan?.nodes.at(-1)?.reason, 'meta leader: last')
    assert.deepEqual(order.slice(1), [leader, successor])
    assert.equal(events.findLast((event) => event.type === 'selected')?.reason, 'meta leader: last')
    assert.deepEqual(
      (await lab.terminations()).map(({node, violations}) => [node, violations]),
      order.map((node) => [node, []]),
    )
    const groups = await (await (await lab.cluster()).aws()).autoScaling()
    const refreshed = await Promise.all(lab.nodes.map(async (node) => (await groups.refreshes(`${node}-asg`)).length))
    assert.deepEqual(refreshed, [1, 1, 1])
  })
})
