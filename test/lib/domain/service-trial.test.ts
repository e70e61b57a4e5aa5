import assert from 'node:assert/strict'
import {inboxPrefixOf, isPermitted, matches, planTrials} from '../../../src/lib/domain/service-trial.ts'
import type {SubjectRules, UserClaims} from '../../../src/lib/domain/user-claims.ts'

const none: SubjectRules = {allow: [], deny: []}
const allow = (...rules: readonly string[]): SubjectRules => ({allow: rules, deny: []})

function plan(publish: SubjectRules, subscribe: SubjectRules, scoped = false): readonly string[] {
  const claims = {publish, subscribe, scoped} as UserClaims
  return planTrials(claims, 'T').map(
    ({operation, kind, rule, how, subject, expected}) =>
      `${kind} ${operation} ${rule}: ${how} ${subject}${expected ? '' : ' expecting refusal'}`,
  )
}

describe('trials of permissions', () => {
  it('publish nothing but questions and messages to an own inbox', () => {
    assert.deepEqual(
      plan(allow('app.>', '$JS.API.STREAM.INFO.main', '$JS.API.CONSUMER.MSG.NEXT.main.app'), allow('_INBOX.>')),
      [
        'allow publish app.>: none app.T',
        'allow publish $JS.API.STREAM.INFO.main: request $JS.API.STREAM.INFO.main',
        'allow publish $JS.API.CONSUMER.MSG.NEXT.main.app: none $JS.API.CONSUMER.MSG.NEXT.main.app',
        'allow subscribe _INBOX.>: subscribe _INBOX.T',
      ],
    )
    for (const rule of [
      '$JS.API.STREAM.DELETE.x',
      '$JS.API.STREAM.PURGE.x',
      '$JS.API.STREAM.INFO.*',
      '$JS.API.>',
      '$SYS.>',
      'a',
    ]) {
      const trials = planTrials({publish: allow(rule), subscribe: none} as UserClaims, 'T')
      const asked = trials
        .filter(({operation, how}) => operation === 'publish' && how !== 'none')
        .map(({subject}) => subject)
      assert.ok(
        asked.every((subject) => ['$JS.API.INFO', '$SYS.REQ.USER.INFO'].includes(subject)),
        asked.join(),
      )
    }
  })

  it('echo where everything is allowed, and ask nothing where no answer could be heard', () => {
    assert.deepEqual(plan(none, none), ['allow publish >: echo _INBOX.T', 'allow subscribe >: subscribe T'])
    assert.deepEqual(plan(allow('$JS.API.INFO', '_INBOX.>'), allow('app.>')), [
      'allow publish $JS.API.INFO: none $JS.API.INFO',
      'allow publish _INBOX.>: none _INBOX.T',
      'allow subscribe app.>: subscribe app.T',
    ])
  })

  it('expect refusal of what is denied, never publish it, and stay out of queues', () => {
    assert.deepEqual(plan({allow: [], deny: ['a.>']}, {allow: ['b.*.c', 'q workers'], deny: ['b.*.c']}), [
      'allow publish >: none T',
      'deny publish a.>: none a.T expecting refusal',
      'allow subscribe b.*.c: subscribe b.T.c expecting refusal',
      'allow subscribe q workers: none q expecting refusal',
      'deny subscribe b.*.c: subscribe b.T.c expecting refusal',
    ])
  })

  it('know nothing of permissions that are a signing key’s', () => assert.deepEqual(plan(none, none, true), []))

  it('use the inbox that the user may hear', () => {
    assert.equal(inboxPrefixOf(none), undefined)
    assert.equal(inboxPrefixOf(allow('_INBOX.>')), undefined)
    assert.equal(inboxPrefixOf(allow('app.>', '_INBOX_app.>')), '_INBOX_app')
    assert.equal(inboxPrefixOf(allow('_INBOX.app.>')), '_INBOX.app')
    assert.deepEqual(plan(allow('_INBOX_app.>'), allow('_INBOX_app.>')), [
      'allow publish _INBOX_app.>: echo _INBOX_app.T',
      'allow subscribe _INBOX_app.>: subscribe _INBOX_app.T',
    ])
  })

  it('match subjects as the server does', () => {
    for (const [pattern, subject, expected] of [
      ['a.>', 'a.b.c', true],
      ['a.>', 'a', false],
      ['>', 'a', true],
      ['a.*', 'a.b', true],
      ['a.*', 'a.b.c', false],
      ['*.>', 'a', false],
      ['a', 'a', true],
      ['a', 'b', false],
    ] as const) {
      assert.equal(matches(pattern, subject), expected, `${pattern} ${subject}`)
    }
    assert.equal(isPermitted({allow: ['a.>'], deny: ['a.b']}, 'a.b'), false)
    assert.equal(isPermitted({allow: ['a.>'], deny: ['a.b']}, 'a.c'), true)
  })
})
