import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {identifyProcess, isRunning} from '../../../src/lib/ops/processes.ts'

describe('processes', () => {
  it('know a process again, and not another one with its number', async () => {
    const own = await identifyProcess(process.pid)
    assert.ok(own)
    assert.deepEqual(own, await identifyProcess(process.pid))
    assert.equal(await isRunning(own), true)
    assert.equal(await isRunning({...own, started: 'earlier'}), false)
  })

  it('know when it has ended', async () => {
    const child = spawn('sleep', ['600'], {stdio: 'ignore'})
    const exited = once(child, 'exit')
    const identity = await identifyProcess(child.pid!)
    assert.ok(identity)
    assert.equal(await isRunning(identity), true)
    child.kill('SIGKILL')
    await exited
    assert.equal(await isRunning(identity), false)
  })
})
