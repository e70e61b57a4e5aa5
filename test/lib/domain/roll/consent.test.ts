import assert from 'node:assert/strict'
import {consentBeyond, consentFlags, consentLacking, resumeCommand} from '../../../../src/lib/domain/roll/consent.ts'

const nothing = {acceptedLoss: [], acceptsUnseen: false}
const locked = {acceptedLoss: ['APP/audit', 'APP/orders/worker'], acceptsUnseen: true}

describe('consent to a loss', () => {
  it('is lacking where it is not given again, name by name', () => {
    assert.deepEqual(consentLacking(locked, nothing), locked)
    assert.deepEqual(consentLacking(locked, locked), nothing)
    const some = {acceptedLoss: ['APP/audit'], acceptsUnseen: true}
    assert.deepEqual(consentLacking(locked, some), {acceptedLoss: ['APP/orders/worker'], acceptsUnseen: false})
    assert.deepEqual(consentLacking(nothing, nothing), nothing)
  })

  it('is the same with the account left out, and not with more than that', () => {
    const short = {acceptedLoss: ['audit', 'orders/worker'], acceptsUnseen: true}
    assert.deepEqual(consentLacking(locked, short), nothing)
    assert.deepEqual(consentBeyond(locked, short), nothing)
    const other = {acceptedLoss: ['dit', 'worker', 'BILLING/audit', 'APP'], acceptsUnseen: true}
    assert.deepEqual(consentLacking(locked, other).acceptedLoss, locked.acceptedLoss)
    assert.deepEqual(consentBeyond(locked, other).acceptedLoss, other.acceptedLoss)
  })

  it('goes beyond what the roll was allowed where it names anything else', () => {
    assert.deepEqual(consentBeyond(nothing, locked), locked)
    assert.deepEqual(consentBeyond(locked, nothing), nothing)
  })

  it('is given by flags, in a command that can be pasted whatever the names are', () => {
    assert.deepEqual(consentFlags(nothing), [])
    assert.equal(
      resumeCommand('c', {acceptedLoss: ['APP/audit', '$(reboot)'], acceptsUnseen: true}, ['--take-over']),
      "natsops roll resume --cluster c --take-over --accept-loss APP/audit --accept-loss '$(reboot)' --accept-unseen",
    )
    assert.equal(resumeCommand('c', nothing), 'natsops roll resume --cluster c')
  })
})
