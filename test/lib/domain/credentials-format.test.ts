import assert from 'node:assert/strict'
import {fmtCreds, fromSeed} from '@nats-io/jwt'
import {formatCredentials, parseCredentials} from '../../../src/lib/domain/credentials-format.ts'
import {makeUser} from '../../support/credentials.ts'

describe('creds format', () => {
  it('has BEGIN lines with five dashes and END lines with six', () => {
    assert.equal(
      formatCredentials({jwt: 'JWT', seed: 'SEED'}),
      [
        '-----BEGIN NATS USER JWT-----',
        'JWT',
        '------END NATS USER JWT------',
        '',
        '************************* IMPORTANT *************************',
        'NKEY Seed printed below can be used to sign and prove identity.',
        'NKEYs are sensitive and should be treated as secrets.',
        '',
        '-----BEGIN USER NKEY SEED-----',
        'SEED',
        '------END USER NKEY SEED------',
        '',
        '*************************************************************',
        '',
      ].join('\n'),
    )
  })

  it('reads back what it writes, also a JWT with dashes in it', () => {
    const parts = {jwt: 'eyJ0.e---y-.--s----', seed: 'SUAB'}
    assert.deepEqual(parseCredentials(formatCredentials(parts)), parts)
  })

  it("reads the NATS project's own files", async () => {
    const {jwt, seed} = await makeUser()
    const text = new TextDecoder().decode(fmtCreds(jwt, fromSeed(new TextEncoder().encode(seed))))
    assert.deepEqual(parseCredentials(text), {jwt, seed})
  })

  it('reads indented files, CRLF lines, comments before and other numbers of dashes', () => {
    const text =
      '# mine\r\n  ---BEGIN NATS USER JWT---\r\n  J\r\n  ---END NATS USER JWT---\r\n-----BEGIN USER NKEY SEED-----\r\nS\r\n------END USER NKEY SEED------'
    assert.deepEqual(parseCredentials(text), {jwt: 'J', seed: 'S'})
  })

  it('has empty parts for what is not there', () => {
    assert.deepEqual(parseCredentials('hello'), {jwt: '', seed: ''})
    assert.deepEqual(parseCredentials('-----BEGIN NATS USER JWT-----\nabc\n'), {jwt: '', seed: ''})
  })
})
