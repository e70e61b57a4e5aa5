import assert from 'node:assert/strict'
import {Exit} from '../../../src/lib/errors.ts'
import {recordAwsCalls} from '../../support/aws-calls.ts'
import {ledgerStreams} from '../../support/ledger/streams.ts'
import {type Ledger, openLedger} from '../../support/ledger.ts'
import {allowedActions, isAllowed, nothingBut} from '../../support/policies.ts'
import {paceWith, type RollLab, type RunResult, startRollLab} from '../../support/roll-lab.ts'
import {startSampler} from '../../support/sampler.ts'

/**
 * The whole roll on real servers under load, before three witnesses: the ledger (nothing acknowledged is lost, and all
 * replicas are equal), the sampler (never a second node down or unsynced), and the lab's own endpoint (at each
 * termination every other replica held the data).
 */
for (const series of ['2.15', '2.10'] as const) {
  describe(`a roll of three nodes of nats-server ${series} under load`, function () {
    this.timeout(900_000)
    this.slow(120_000)
    let lab: RollLab
    let ledger: Ledger | undefined

    before(async () => {
      lab = await startRollLab({series})
      // The policy of docs/iam.md is all that a roll needs, to its last call.
      const value = nothingBut(['sts:GetCallerIdentity', ...allowedActions('roll')])
      await lab.breakIt('access-denied', {value})
    })
    after(async () => {
      await ledger?.close()
      await lab?.stop()
    })

    /**
     * The roll, and once more where it held because the replacement's server was never told of the meta group: what it
     * suggests then is done, and nothing else. A defect of 2.10, once in some twenty rolls on a starved machine.
     */
    async function rollToTheEnd(): Promise<RunResult> {
      const first = await lab.roll({pace: paceWith({syncStall: 60_000})})
      const restart = first.error?.suggestions.find((suggestion) => suggestion.includes('systemctl restart nats'))
      const node = nodesOf(first).at(-1)
      if (series !== '2.10' || restart === undefined || node === undefined) return first
      assert.equal(first.exit, Exit.heldDegraded)
      assert.match(restart, new RegExp(`^natsops node run ${node} `))
      await lab.act('crash', node)
      const second = await lab.resume()
      return {...second, events: [...first.events, ...second.events]}
    }

    it('rows 9, 11, 13: nothing acknowledged is lost, in file, memory and interest streams; one node away at a time; the meta leader goes last and does not lead any more', async () => {
      const {nodes} = lab
      ledger = await openLedger({connect: (index) => lab.connect(index)})
      const sampler = startSampler((await lab.status()).nodes, {
        fullStreams: [ledgerStreams.file, ledgerStreams.memory],
      })
      const {result, calls} = await recordAwsCalls(rollToTheEnd)
      const {message, events} = result
      const numbers = await ledger.stop()
      const sampled = await sampler.stop()
      const verdict = await ledger.judge(nodes)
      const stallMs = Math.max(...Object.values(numbers.stalls))
      console.log(
        `      ${numbers.perSecond} messages a second, longest stall ${stallMs} ms (own ${numbers.ownStallMs} ms)`,
      )
      assert.equal(message, '')
      const denials = events.filter((event) => /not allowed/.test(JSON.stringify(event)))
      assert.deepEqual(denials, [])
      const beyond = calls.filter(
        (call) => call.action !== 'sts:GetCallerIdentity' && !isAllowed(call, ['roll'], lab.name),
      )
      assert.deepEqual(beyond, [], 'calls that the policy roll does not allow')
      assert.deepEqual(verdict, {acknowledged: numbers.acknowledged, wrong: [], lost: 0, undelivered: 0, equal: true})
      assert.equal(sampled.worst, 1, sampled.worstReasons.join('; '))
      const terminations = await lab.terminations()
      assert.deepEqual(
        terminations.map(({violations}) => violations),
        [[], [], []],
      )
      assert.deepEqual(terminations.map(({node}) => node).sort(), nodes)
      for (const {node, nodes: views} of terminations) {
        const leaders = views.filter((view) => view.node !== node).map(({jetStream}) => jetStream?.meta_cluster?.leader)
        assert.ok(!leaders.includes(node), `${node} was the meta leader when it was terminated`)
      }
      const started = events.find((event) => event.type === 'started')
      assert.equal(started?.plan.nodes.at(-1)?.reason, 'meta leader: last')
      // On a starved machine the servers elect another one on the way, which may have been replaced already (row 14).
      const reasons = events.flatMap((event) => (event.type === 'selected' ? [event.reason] : []))
      assert.ok(!reasons.slice(0, -1).includes('meta leader: last'), reasons.join(', '))
    })
  })
}

/** Nodes in the order in which the roll took them. */
function nodesOf({events}: RunResult): readonly string[] {
  return events.flatMap((event) => (event.type === 'selected' ? [event.identity.node] : []))
}
