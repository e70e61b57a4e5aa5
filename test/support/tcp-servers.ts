import {once} from 'node:events'
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net'

/** Servers on 127.0.0.1 that say what they like. */
export class TcpServers {
  readonly #servers: Server[] = []

  /** Starts one that is given each of its connections; returns host:port. */
  async listen(serve: (socket: Socket) => void): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      serve(socket)
    }).listen(0, '127.0.0.1')
    this.#servers.push(server)
    await once(server, 'listening')
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** None takes another connection. */
  close(): void {
    for (const server of this.#servers.splice(0)) server.close()
  }
}
