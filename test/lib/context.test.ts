import assert from 'node:assert/strict'
import {once} from 'node:events'
import {createServer, type Socket} from 'node:net'
import {type ClusterContext, openClusterContext} from '../../src/lib/context.ts'
import {openTerminal} from '../../src/lib/output/terminal.ts'
import {emptyConfiguration} from '../support/run.ts'

describe('a context that is closed', () => {
  let greet: () => void
  let url: string
  let sockets: Socket[]
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => /PING/.test(String(bytes)) && socket.write('PONG\r\n'))
  })

  beforeEach(async () => {
    sockets = []
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    url = `nats://127.0.0.1:${address.port}`
    greet = () => void sockets[0]?.write('INFO {"server_id":"x","version":"2.10.0","max_payload":1024,"proto":1}\r\n')
  })
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })

  it('opens nothing for what goes on behind its back', async () => {
    const context = await open()
    await context.close()
    await assert.rejects(
      context.nats({servers: [url], credentials: undefined, timeoutMs: 30_000}),
      /after its context had been closed/,
    )
    await assert.rejects(context.monitor(), /after its context had been closed/)
    assert.deepEqual(sockets, [])
  })

  it('closes a connection that was under way', async () => {
    const context = await open()
    const accepted = once(server, 'connection')
    const connecting = context.nats({servers: [url], credentials: undefined, timeoutMs: 30_000})
    const refused = assert.rejects(connecting, /after its context had been closed/)
    const [socket] = (await accepted) as [Socket]
    await context.close()
    const ended = once(socket, 'close')
    greet()
    await Promise.all([refused, ended])
  })
})

async function open(): Promise<ClusterContext> {
  const configuration = emptyConfiguration()
  return openClusterContext(
    {
      configuration,
      terminal: openTerminal({colour: false, quiet: true}),
      signal: new AbortController().signal,
      requestTimeoutMs: 5000,
    },
    await configuration.cluster({cluster: 'one'}),
  )
}
