import assert from 'node:assert/strict'
import {parseJournal} from '../../../../src/lib/domain/roll/events.ts'
import {reportRoll, timesOf} from '../../../../src/lib/domain/roll/report.ts'
import {HOLDER, heldRoll, progress, ROLL, START, started, waiting, wholeRoll} from '../../../support/roll-events.ts'

describe('the report of a roll', () => {
  it('says of each node what became of it, in the order they were worked on', () => {
    const report = reportRoll(ROLL, wholeRoll())
    assert.deepEqual(
      report.nodes.map(({node, outcome, before, after, stopped, syncedBytes}) => [
        ...[node, outcome, before?.instanceId, after?.instanceId, stopped, syncedBytes],
      ]),
      [2, 3, 1].map((n) => [
        ...[`nats-prod-node-${n}`, 'replaced', `i-0123456789abcde0${n}`, `i-0fedcba98765432${n}0`],
        ...['lame duck, then systemctl stop nats', 1_300_000_000],
      ]),
    )
    assert.deepEqual(report.nodes[0]?.moved, [{group: 'stream pivot_main', to: 'nats-prod-node-1'}])
    assert.deepEqual(
      [report.result, report.cluster, report.account, report.region, report.strategy, report.settleMs],
      ['done', 'nats-prod', '123456789012', 'us-east-2', 'terminate', 120_000],
    )
    assert.deepEqual([report.startedAt, report.endedAt, report.longestStallMs], [START, START + 629_000, 17])
    assert.deepEqual(report.end, {exit: 0, code: 'DONE', message: 'every node was replaced'})
    assert.deepEqual(report.drivers, [{holder: HOLDER, at: START, tookOver: false}])
  })

  it('measures the time in each state', () => {
    const [first] = reportRoll(ROLL, wholeRoll()).nodes
    assert.ok(first)
    assert.deepEqual(
      [...timesOf(first)].map(([state, ms]) => `${state} ${ms / 1000}`).join(', '),
      'GATE 2, DRAIN 1, STOP 4, INTENT 1, TERMINATE 1, GONE 40, LAUNCH 35, JOIN 12, BOOTSTRAP 5, SYNC 26, VERIFY 2, SOAK 120',
    )
  })

  it('adds up what a resume came back to, without the time nobody drove', () => {
    const report = reportRoll(ROLL, heldRoll())
    const [node] = report.nodes
    assert.ok(node)
    const times = timesOf(node)
    // The kill came right after SYNC began, as far as anybody knows; the second stay lasted to the hold.
    assert.deepEqual([times.get('GONE'), times.get('SYNC')], [41_000, 300_000])
    assert.deepEqual([report.result, report.end?.exit, node.outcome], ['held', 5, 'unfinished'])
    assert.deepEqual(
      report.drivers.map(({holder, tookOver}) => [holder.user, tookOver]),
      [
        ['anna', false],
        ['ben', true],
      ],
    )
    assert.equal(report.longestStallMs, 2400)
  })

  it('is unfinished where the events break off, and waits for the nodes never begun', () => {
    const events = wholeRoll().slice(0, 6)
    const report = reportRoll(ROLL, events)
    assert.deepEqual([report.result, report.endedAt, report.end], ['unfinished', null, null])
    assert.deepEqual(
      report.nodes.map(({node, outcome}) => [node, outcome]),
      [
        ['nats-prod-node-2', 'unfinished'],
        ['nats-prod-node-3', 'waiting'],
        ['nats-prod-node-1', 'waiting'],
      ],
    )
  })

  it('is unfinished again once a held roll was resumed', () => {
    const ended = [...heldRoll(), {type: 'resumed', at: START + 2_000_000, holder: HOLDER, tookOver: false} as const]
    assert.equal(reportRoll(ROLL, ended).result, 'unfinished')
  })

  it('tells an interruption and an abort from a hold', () => {
    const ended = (exit: number, code: string) =>
      reportRoll(ROLL, [started(), {type: 'ended', at: START, exit, code, message: '', stallMs: undefined}]).result
    assert.deepEqual(
      [ended(130, 'INTERRUPTED'), ended(5, 'ABORTED'), ended(0, 'ABORTED'), ended(4, 'HELD'), ended(0, 'DONE')],
      ['interrupted', 'aborted', 'aborted', 'held', 'done'],
    )
  })

  it('is made of what there is where the beginning is on another machine', () => {
    const report = reportRoll(ROLL, heldRoll().slice(-7))
    assert.deepEqual([report.cluster, report.strategy, report.result], [null, null, 'held'])
    assert.deepEqual(
      report.nodes.map(({node, before}) => [node, before]),
      [['nats-prod-node-2', null]],
    )
    assert.deepEqual(reportRoll(ROLL, []).nodes, [])
  })

  it('is the same from the journal as from memory, and fleeting events change nothing', () => {
    const events = heldRoll()
    const fleeting = [progress('nats-prod-node-2', START + 1, 5), waiting('SYNC', 'nats-prod-node-2', START + 2, 'x')]
    const journal = parseJournal(events.map((event) => `${JSON.stringify(event)}\n`).join('')).events
    const plain = JSON.stringify(reportRoll(ROLL, events))
    assert.equal(JSON.stringify(reportRoll(ROLL, journal)), plain)
    assert.equal(JSON.stringify(reportRoll(ROLL, [...events.slice(0, 1), ...fleeting, ...events.slice(1)])), plain)
  })
})
