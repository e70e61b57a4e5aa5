import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {createServer} from 'node:net'
import {findFreePorts} from '../../../src/lib/lab/free-ports.ts'
import {findProcesses, killProcess} from '../../../src/lib/lab/processes.ts'
import {eventually} from '../../support/eventually.ts'

describe('processes by their command line', () => {
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  /** A command line that no other process of this machine has. */
  const start = async (seconds = `${600 + Math.random()}`) => {
    const child = spawn('sleep', [seconds], {stdio: 'ignore'})
    children.push(child)
    await once(child, 'spawn')
    const command = `sleep ${seconds}`
    await eventually('it runs', async () => (await findProcesses(new Set([command]))).length > 0)
    return {pid: child.pid ?? 0, command, child}
  }

  it('are found by the whole line and nothing less', async () => {
    const {pid, command} = await start()
    assert.deepEqual(await findProcesses(new Set([command])), [{pid, command, paused: false}])
    assert.deepEqual(await findProcesses(new Set([command.slice(0, -1), `${command} `, 'sleep'])), [])
    assert.deepEqual(await findProcesses(new Set()), [])
  })

  it('are known to be paused', async () => {
    const {command, child} = await start()
    child.kill('SIGSTOP')
    await eventually('it is paused', async () => (await findProcesses(new Set([command])))[0]?.paused)
    child.kill('SIGCONT')
    await eventually('it goes on', async () => (await findProcesses(new Set([command])))[0]?.paused === false)
  })

  it('are killed only when the pid still is theirs', async () => {
    const {pid, command, child} = await start()
    const other = await start()
    await killProcess({pid: other.pid, command, paused: false})
    await killProcess({pid: 2 ** 22 + 1, command, paused: false})
    assert.equal((await findProcesses(new Set([command, other.command]))).length, 2)
    const exit = once(child, 'exit')
    await killProcess({pid, command, paused: false})
    assert.deepEqual(await exit, [null, 'SIGKILL'])
    assert.deepEqual(await findProcesses(new Set([command])), [])
  })
})

describe('findFreePorts', () => {
  it('finds different ports that can be listened on, outside the range of outgoing connections', async () => {
    const ports = await findFreePorts(50, new Set())
    assert.equal(new Set(ports).size, 50)
    assert.ok(ports.every((port) => port >= 14_000 && port < 32_000))
    const server = createServer().listen(ports[0], '127.0.0.1')
    await once(server, 'listening')
    server.close()
  })

  it('leaves out what is taken, and says when nothing is left', async () => {
    const all = new Set(Array.from({length: 18_000}, (_, index) => 14_000 + index))
    await assert.rejects(findFreePorts(1, all), {code: 'NO_FREE_PORTS', exit: 3})
  })
})
