/** A command that tells which Node runs it, from where, and then does as it is told. */
export const probe = `import {spawn} from 'node:child_process'
import {lookup} from 'node:dns'
import {open, openSync, stat, writeSync} from 'node:fs'
import {Command} from '@oclif/core'
export default class Probe extends Command {
  static strict = false
  async run() {
    const {argv: [what = '']} = await this.parse(Probe)
    if (what === 'echo') process.stdin.pipe(process.stdout)
    if (what === 'exit') process.exitCode = 21
    if (what === 'look-up') {
      process.on('exit', (code) => writeSync(2, 'the handler saw ' + code))
      lookup('c-node-1.c.internal', () => {})
      process.exitCode = 21
      console.log('x'.repeat(1_000_000))
      writeSync(2, 'all is said, ')
      return
    }
    if (what === 'child') {
      spawn(process.execPath, ['-e', 'process.stdin.resume()'], {stdio: ['pipe', 'ignore', 'ignore']})
      process.exitCode = 21
      console.log('x'.repeat(1_000_000))
      writeSync(2, 'all is said')
      return
    }
    if (what === 'threads') {
      const {FIFO, UV_THREADPOOL_SIZE = 'unset'} = process.env
      for (let count = 0; count < 15; count++) open(FIFO, 'r', () => {})
      stat('/', () => {
        console.log(UV_THREADPOOL_SIZE)
        openSync(FIFO, 'r+')
      })
      return
    }
    if (what === 'wait') {
      const alive = setInterval(() => {}, 1000)
      process.once('SIGTERM', () => { console.log('got SIGTERM'); process.exitCode = 130; clearInterval(alive) })
    }
    console.log(JSON.stringify({own: process.env.OWN ?? 'no', cwd: process.cwd(), argv: process.argv.slice(2)}))
    if (what === 'die') process.kill(process.pid, 'SIGKILL')
  }
}
`
