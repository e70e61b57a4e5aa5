import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {pathToFileURL} from 'node:url'

const ROOT = join(import.meta.dirname, '../..')
const COMMAND = pathToFileURL(join(ROOT, 'src/lib/command.ts')).href
/** A command that waits for a signal, while something of its own would keep the process for a minute, and then says much. */
const PROGRAM = `
  const {Config} = await import('@oclif/core/config')
  const {NatsopsCommand} = await import(${JSON.stringify(COMMAND)})
  class Long extends NatsopsCommand {
    async run() {
      const {signal} = this.localContext()
      setTimeout(() => {}, 60_000)
      console.error('waits')
      await new Promise((resolve) => signal.addEventListener('abort', resolve, {once: true}))
      throw Object.assign(signal.reason, {message: 'x'.repeat(1_000_000)})
    }
  }
  const config = await Config.load(${JSON.stringify(ROOT)})
  await new Long(['--json'], config)._run()`

describe('a command that was interrupted', () => {
  it('says all it has to say to a slow reader before it ends', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {cwd: ROOT, stdio: 'pipe'})
    const closed = once(child, 'close')
    await once(child.stderr, 'data')
    child.kill('SIGTERM')
    // Nobody reads until there is more than a pipe holds.
    await once(child.stdout, 'readable')
    const document = JSON.parse(await text(child.stdout))
    assert.equal(document.error.message.length, 1_000_000)
    assert.deepEqual(await closed, [130, null])
  })
})
