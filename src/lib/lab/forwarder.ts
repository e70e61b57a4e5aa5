import {connect, createServer, type Server, type Socket} from 'node:net'
import {setTimeout as delay} from 'node:timers/promises'
import {Exit, OpsError} from '../errors.ts'

/** What happens to what passes through, asked anew for every piece of it. */
export interface Conduct {
  /** Nothing passes, nothing is refused: the network is gone. */
  readonly frozen?: boolean
  /** What a client sends arrives so much later, milliseconds. */
  readonly delayMs?: number
  /** The connection ends after so many bytes of an answer. */
  readonly answerBytes?: number | undefined
}

export interface ForwarderOptions {
  readonly host: string
  readonly port: number
  readonly conduct: () => Conduct
}

/**
 * A node's public port: the same for whichever instance stands behind it, as a DNS name is. Each instance has ports of
 * its own, so that an old server and its replacement can run side by side, and what lies between a client and a server
 * can be broken without touching either.
 */
export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #target: number | undefined
  #thaw = Promise.withResolvers<void>()

  constructor(options: ForwarderOptions) {
    this.#options = options
  }

  /**
   * Passes on to this port of the same host; connections to another one end, as with an address that has moved. Rejects
   * where the public port is taken.
   */
  async open(target: number): Promise<void> {
    if (this.#target !== target) this.#disconnect()
    this.#target = target
    if (this.#server) return
    const {host, port} = this.#options
    const server = createServer({allowHalfOpen: true, noDelay: true}, (client) => void this.#serve(client))
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(notOpened(host, port, error)))
      server.listen(port, host, resolve)
    })
    this.#server = server
  }

  /** Connections are refused from now on; those there are end. */
  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.reconsider()
    this.#disconnect()
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
  }

  /** The conduct may have changed: what was held back is looked at again. */
  reconsider(): void {
    this.#thaw.resolve()
    this.#thaw = Promise.withResolvers<void>()
  }

  #disconnect(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #serve(client: Socket): Promise<void> {
    this.#watch(client)
    await this.#permission(0)
    if (client.destroyed || this.#target === undefined) return void client.destroy()
    const {host} = this.#options
    const server = connect({host, port: this.#target, allowHalfOpen: true, noDelay: true})
    this.#watch(server)
    let answered = 0
    const ask = (chunk: Buffer) => {
      answered = 0
      send(chunk, client, server)
    }
    const answer = (chunk: Buffer) => {
      const {answerBytes = Number.POSITIVE_INFINITY} = this.#options.conduct()
      const left = Math.max(0, answerBytes - answered)
      answered += chunk.length
      if (chunk.length <= left) send(chunk, server, client)
      else {
        client.end(chunk.subarray(0, left))
        server.destroy()
      }
    }
    client.on('data', (chunk: Buffer) => this.#whenAllowed(client, this.#options.conduct().delayMs, () => ask(chunk)))
    server.on('data', (chunk: Buffer) => this.#whenAllowed(server, 0, () => answer(chunk)))
    client.on('end', () => server.end())
    server.on('end', () => client.end())
    // What is refused or broken on one side is so on the other.
    server.once('error', () => client.resetAndDestroy())
    client.once('error', () => server.resetAndDestroy())
    client.once('close', () => server.destroy())
  }

  /** At once in ordinary times; otherwise the source waits meanwhile, so that nothing overtakes. */
  #whenAllowed(source: Socket, delayMs: number | undefined, pass: () => void): void {
    if (!this.#options.conduct().frozen && !delayMs) pass()
    else {
      source.pause()
      void this.#permission(delayMs ?? 0).then(() => {
        pass()
        source.resume()
      })
    }
  }

  async #permission(delayMs: number): Promise<void> {
    if (delayMs > 0) await delay(delayMs, undefined, {ref: false})
    while (this.#server && this.#options.conduct().frozen) await this.#thaw.promise
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
  }
}

/** Waits with reading where writing cannot keep up. */
function send(chunk: Buffer, from: Socket, to: Socket): void {
  if (to.destroyed || to.write(chunk)) return
  from.pause()
  to.once('drain', () => from.resume())
}

function notOpened(host: string, port: number, cause: Error): OpsError {
  const isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
  return new OpsError(`port ${port} on ${host} ${isTaken ? 'was taken meanwhile' : `was refused: ${cause.message}`}`, {
    code: 'PORT_TAKEN',
    exit: Exit.refused,
    suggestions: ['run it again: other ports are chosen each time'],
    cause,
  })
}
