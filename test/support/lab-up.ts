/** `lab up` in a process of its own, for a test to kill: node lab-up.ts NAME SERVER, in the environment of a test home. */
import {setTimeout as delay} from 'node:timers/promises'
import {openConfiguration} from '../../src/lib/config.ts'
import {openContext} from '../../src/lib/context.ts'
import {upLab} from '../../src/lib/ops/lab.ts'
import {openTerminal} from '../../src/lib/output/terminal.ts'

const [name = '', serverPath = ''] = process.argv.slice(2)
const context = openContext({
  configuration: openConfiguration(),
  terminal: openTerminal({colour: false, quiet: true}),
  signal: new AbortController().signal,
})
const slow = {
  ...context,
  // The lab is never finished: whoever waits for this line has all the time to strike.
  connect: async () => {
    console.log('almost')
    await delay(600_000)
    throw new Error('nobody struck')
  },
}
const request = {name, nodes: 3, serverVersion: undefined, serverPath, bootDelayMs: 0, timeoutMs: 150_000}
await upLab(slow, request, () => {})
