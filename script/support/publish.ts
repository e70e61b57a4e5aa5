/**
 * publish.ts SUBJECT COUNT: publishes to JetStream, waits for each acknowledgement, says how it went.
 *
 * A client like any other: it knows NATS_URL and NATS_CREDS, as `natsops exec` sets them, and nothing of natsops.
 */
import {readFileSync} from 'node:fs'
import {connect, credsAuthenticator} from 'nats'

const [subject = 'facebox.demo', count = '1000'] = process.argv.slice(2)
const {NATS_URL: servers = '', NATS_CREDS: file = ''} = process.env

const connection = await connect({
  servers: servers.split(','),
  authenticator: credsAuthenticator(readFileSync(file)),
  name: 'natsops demo',
})
const jetstream = connection.jetstream()
const started = performance.now()
let acknowledged = 0
let stream = ''
for (let index = 1; index <= Number(count); index++) {
  const acknowledgement = await jetstream.publish(subject, `message ${index}`, {timeout: 10_000})
  stream = acknowledgement.stream
  acknowledged++
}
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(`${acknowledged} messages to ${subject}, each acknowledged by stream ${stream}, in ${seconds} s`)
await connection.drain()
