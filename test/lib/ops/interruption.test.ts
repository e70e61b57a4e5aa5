import assert from 'node:assert/strict'
import {getEventListeners} from 'node:events'
import {orInterrupted} from '../../../src/lib/ops/interruption.ts'

describe('work that does not know of the signal', () => {
  const {signal} = new AbortController()
  const never = new Promise<never>(() => {})

  it('comes to what it comes to, and leaves nothing on the signal', async () => {
    assert.equal(await orInterrupted(signal, Promise.resolve(7)), 7)
    await assert.rejects(orInterrupted(signal, Promise.reject(new Error('broken'))), {message: 'broken'})
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  it('is left to itself when the signal is aborted, before or meanwhile', async () => {
    const controller = new AbortController()
    const reason = new Error('Ctrl-C')
    const waiting = orInterrupted(controller.signal, never)
    controller.abort(reason)
    await assert.rejects(waiting, (error) => error === reason)
    await assert.rejects(orInterrupted(controller.signal, never), (error) => error === reason)
    await assert.rejects(
      orInterrupted(controller.signal, Promise.reject(new Error('late'))),
      (error) => error === reason,
    )
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  })
})
