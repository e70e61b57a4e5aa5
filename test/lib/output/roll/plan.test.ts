import assert from 'node:assert/strict'
import {renderPlan} from '../../../../src/lib/output/roll/plan.ts'
import {displayWidth} from '../../../../src/lib/output/table.ts'
import {assertGolden} from '../../../support/golden.ts'
import {BLOCKERS, HOSTILE, identity, plan, planned} from '../../../support/roll-events.ts'

const plain = (_tone: string, text: string): string => text
const screen = {width: 80, paint: plain}
const replace = {action: 'replace', settleMs: 120_000} as const

describe('the plan of a roll', () => {
  it('shows each node with who it is, why it stands there, and what is at stake', () => {
    assertGolden('roll/plan.screen.txt', `${renderPlan(plan(), replace, screen)}\n`)
  })

  it('shows what refuses it, invariant by invariant, with what would make it true', () => {
    assertGolden('roll/blocked.screen.txt', `${renderPlan(plan({blockers: BLOCKERS}), replace, screen)}\n`)
  })

  it('says of a drain only what matters to it', () => {
    const one = plan({nodes: [planned('nats-prod-node-2', 2)], warnings: []})
    assertGolden('roll/drain.screen.txt', `${renderPlan(one, {action: 'drain', settleMs: 0}, screen)}\n`)
  })

  it('never goes beyond 80 columns, but for a word that is wider by itself', () => {
    const long = planned('n', 1, {
      reason: 'because '.repeat(40),
      leads: Array.from({length: 30}, (_, n) => `stream s${n}`),
    })
    const text = renderPlan(plan({nodes: [...plan().nodes, long], blockers: BLOCKERS}), replace, screen)
    for (const line of text.split('\n')) assert.ok(displayWidth(line) <= 80, line)
  })

  it('cuts nothing in a pipe and wraps nothing', () => {
    const reason = 'because '.repeat(40).trim()
    const text = renderPlan(plan({nodes: [planned('n', 1, {reason})]}), replace, {...screen, width: Infinity})
    assert.ok(text.includes(reason))
  })

  it('shows a node that does not answer, and one without an instance', () => {
    const silent = {...identity('n1', 1), serverId: undefined, version: undefined, instanceId: ''}
    const text = renderPlan(plan({nodes: [planned('n1', 1, {identity: silent})], warnings: []}), replace, screen)
    assert.match(text, / {3}instance {2}unknown\n {3}server {4}does not answer\n/)
  })

  it('lets no name reach the terminal as it is', () => {
    const hostile = planned(HOSTILE, 1, {
      identity: {...identity('x', 1), node: HOSTILE, asg: HOSTILE, instanceId: HOSTILE, version: HOSTILE},
      reason: HOSTILE,
      leads: [HOSTILE],
      singles: [{name: HOSTILE, accepted: false}],
      inMemory: [HOSTILE],
    })
    const [first] = BLOCKERS
    assert.ok(first)
    const text = renderPlan(
      plan({
        cluster: HOSTILE,
        nodes: [hostile],
        warnings: [HOSTILE],
        blockers: [{...first, title: HOSTILE, reasons: [HOSTILE], remedy: HOSTILE}],
      }),
      replace,
      screen,
    )
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    assert.doesNotMatch(text, /^error: fake/m)
  })
})
