/** The servers a NATS client connects to, as the SSM parameter `nats_host` and NATS_URL hold them: commas between. */

/**
 * `a.example,nats://b.example:4223` as URLs with scheme and port. A user or password inside a URL is dropped: the
 * credentials are elsewhere, and this list is shown. Undefined where any part is not a NATS server's address.
 */
export function parseServerList(text: string, defaultPort: number): readonly string[] | undefined {
  const parts = text.split(',').map((part) => part.trim())
  const urls = parts.filter((part) => part !== '').map((part) => parseServer(part, defaultPort))
  return urls.length > 0 && urls.every((url) => url !== undefined) ? urls : undefined
}

function parseServer(text: string, defaultPort: number): string | undefined {
  const [, scheme = 'nats', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(text) ?? []
  if (!['nats', 'tls'].includes(scheme)) return undefined
  const [, host, port] = /^(?:[^@/]*@)?(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/.exec(rest) ?? []
  if (host === undefined || Number(port ?? 1) > 65_535 || Number(port ?? 1) === 0) return undefined
  return `${scheme}://${host}:${port ?? defaultPort}`
}
