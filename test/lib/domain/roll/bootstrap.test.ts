import assert from 'node:assert/strict'
import {type BootstrapLine, judgeBootstrap} from '../../../../src/lib/domain/roll/bootstrap.ts'

const instanceId = 'i-0123456789abcdef0'
const asked = {pattern: 'Axiom ingest check', instanceId, since: 1000}
const line = (message: string, at = 2000, stream = 'c-node-1-bootstrap-2026-03-01'): BootstrapLine => ({
  stream,
  at,
  message,
})

describe('the word of a bootstrap log', () => {
  for (const message of [
    'Axiom ingest check: ok',
    '2026-03-01T12:00:00Z nats-bootstrap: Axiom ingest check: ok',
    'Axiom ingest check passed (HTTP 200)',
    'Axiom ingest check: HTTP/1.1 204, 0 errors',
    'Axiom ingest check succeeded on attempt 3',
    'Axiom ingest check exit code: 0',
    'Axiom ingest check: 200',
    'Axiom ingest check passed in 412 ms',
    '[INFO] Axiom ingest check',
  ]) {
    it(`is yes: ${message}`, () => assert.deepEqual(judgeBootstrap([line(message)], asked), {kind: 'yes'}))
  }

  for (const message of [
    'Axiom ingest check failed',
    'Axiom ingest check: FAILED (HTTP 403)',
    'Axiom ingest check: HTTP 403',
    'Axiom ingest check: status=500',
    'Axiom ingest check: 401',
    'ERROR: Axiom ingest check',
    'Axiom ingest check: connection timed out',
    'Axiom ingest check not ok',
    'Axiom ingest check exit status 7',
    'gave up on Axiom ingest check after 10 attempts',
    'Axiom ingest check: could not resolve api.axiom.co',
    'running Axiom ingest check: Unauthorized',
  ]) {
    it(`is no: ${message}`, () =>
      assert.deepEqual(judgeBootstrap([line(message)], asked), {kind: 'failed', line: message}))
  }

  for (const [what, lines] of [
    ['there is no line', []],
    ['the line is about something else', [line('nats.service is active')]],
    ['the line is from before', [line('Axiom ingest check: ok', 999)]],
    ['the check is only announced', [line('starting Axiom ingest check'), line('Axiom ingest check: attempt 1 of 5')]],
    ['another instance said it', [line('Axiom ingest check: ok', 2000, 'c-node-1-bootstrap-i-0fedcba9876543210')]],
  ] as const) {
    it(`is nothing where ${what}`, () => assert.deepEqual(judgeBootstrap(lines, asked), {kind: 'nothing'}))
  }

  it('counts in a stream that is named for the instance, with a time or not', () => {
    for (const stream of [`c-node-1-bootstrap-${instanceId}`, `c-node-1-bootstrap-2026-03-01-${instanceId}`]) {
      assert.deepEqual(judgeBootstrap([line('Axiom ingest check: ok', 2000, stream)], asked), {kind: 'yes'})
    }
  })

  it('is the last one, whatever the order the lines come in', () => {
    const [failed, ok] = [line('Axiom ingest check failed', 2000), line('Axiom ingest check: ok', 3000)]
    assert.deepEqual(judgeBootstrap([ok, failed], asked), {kind: 'yes'})
    assert.equal(judgeBootstrap([line('Axiom ingest check failed', 4000), ok, failed], asked).kind, 'failed')
    assert.equal(judgeBootstrap([line('retrying Axiom ingest check', 5000), ok], asked).kind, 'yes')
  })

  it('goes by the pattern that is configured', () => {
    const other = {...asked, pattern: 'no errors shipping'}
    assert.deepEqual(judgeBootstrap([line('no errors shipping: ok')], other), {kind: 'yes'})
    assert.deepEqual(judgeBootstrap([line('Axiom ingest check: ok')], other), {kind: 'nothing'})
  })
})
