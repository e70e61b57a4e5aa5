/**
 * Makes the library hang up on a server whose answer its parser cannot read. Left to itself it prints the answer to
 * stdout, control characters included, and goes on waiting. There is no option for that: the parser's class is changed,
 * once, behind the first connection.
 */
export async function hangUpOnGarbage(): Promise<void> {
  const {Parser} = await import('nats/lib/nats-base-client/parser.js')
  const {parse} = Parser.prototype
  if (parse.name === 'parseOrHangUp') return
  Parser.prototype.parse = function parseOrHangUp(this: HasTransport & InstanceType<typeof Parser>, data: Uint8Array) {
    try {
      parse.call(this, data)
    } catch {
      this.dispatcher.transport?.close(new SyntaxError('what answers there does not speak NATS'))
    }
  }
}

/** The library's type says less of the parser's owner than is there. */
interface HasTransport {
  readonly dispatcher: {readonly transport?: {close(error: Error): Promise<void>}}
}
