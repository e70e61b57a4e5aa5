/**
 * ledger.ts ENOUGH NODE...: publishes a thousand messages a second until the file ENOUGH exists, then reads every
 * acknowledged one back from the store of each of these nodes. Exit status 1 where one is lost.
 *
 * A client like any other: it knows NATS_URL and NATS_CREDS, as `natsops exec` sets them, and nothing of natsops.
 */
import {existsSync, readFileSync} from 'node:fs'
import {setTimeout as delay} from 'node:timers/promises'
import {connect, credsAuthenticator} from 'nats'
import {openLedger} from '../../test/support/ledger.ts'

const [enough = '', ...nodes] = process.argv.slice(2)
const {NATS_URL = '', NATS_CREDS: file = ''} = process.env
const urls = NATS_URL.split(',')

const ledger = await openLedger({
  connect: (index) =>
    connect({
      servers: urls.map((_, n) => urls[(index + n) % urls.length] ?? ''),
      noRandomize: true,
      authenticator: credsAuthenticator(readFileSync(file)),
      name: 'natsops demo',
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    }),
})
console.log('publishing')
while (!existsSync(enough)) await delay(100)

const {acknowledged, perSecond, stalls} = await ledger.stop()
const {wrong, lost, undelivered, equal} = await ledger.judge(nodes)
await ledger.close()
for (const line of wrong) console.log(line)
const count = (number: number) => number.toLocaleString('en')
console.log(`acknowledged            ${count(acknowledged)} messages, ${count(perSecond)} a second`)
console.log(`of these lost           ${lost === 0 ? 'none' : count(lost)}`)
console.log(`not delivered           ${undelivered === 0 ? 'none' : count(undelivered)}`)
console.log(`stores of ${nodes.length} nodes       ${equal ? 'equal, message by message' : 'NOT EQUAL'}`)
console.log(`longest publish stall   ${Math.max(...Object.values(stalls))} ms`)
process.exitCode = wrong.length === 0 ? 0 : 1
