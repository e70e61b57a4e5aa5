import {type LintOptions, lintConfigurations} from '../../src/lib/author/lint.ts'
import {parseConfiguration} from '../../src/lib/author/parse.ts'

interface Given extends Partial<LintOptions> {
  readonly others?: readonly string[]
  readonly variables?: Readonly<Record<string, string>>
  readonly readable?: boolean
}

/** What the rules say of these texts, as `rule file:line message`; files are named a, b, c. */
export async function lint(text: string, {others = [], variables = {}, readable = false, ...options}: Given = {}) {
  const inputs = []
  for (const [index, each] of [text, ...others].entries()) {
    const path = 'abcdef'[index] ?? 'z'
    const source = {read: async () => each, variable: (name: string) => variables[name]}
    inputs.push({configuration: await parseConfiguration(path, source), readableByOthers: readable ? [path] : []})
  }
  const findings = lintConfigurations(inputs, {stopSeconds: undefined, ...options})
  return findings.map(({rule, place, message}) => `${rule} ${place.file}:${place.line} ${message}`)
}

/** The configuration of node n of a cluster c of three that is in order, with changes; an empty text takes a key out. */
export const node = (n: number, changes: Readonly<Record<string, string>> = {}): string => {
  const settings = {
    server_name: `c-node-${n}`,
    listen: '0.0.0.0:4222',
    http: '127.0.0.1:8222',
    max_connections: '1000',
    lame_duck_duration: '60s',
    jetstream: '{store_dir: /var/lib/nats, max_file_store: 10GB, max_memory_store: 1GB, sync_interval: 30s}',
    cluster: `{name: c, listen: "0.0.0.0:6222", tls {verify: true}, routes: ["nats://c-node-1:6222", "nats://c-node-2:6222", "nats://c-node-3:6222"]}`,
    authorization: '{users: [{user: a, password: "$2a$11$aaaaaaaaaaaaaaaaaaaaaa"}]}',
    tls: '{cert_file: server.crt, key_file: server.key}',
    ...changes,
  }
  return Object.entries(settings)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('')
}

/** All three of them, each with its changes: the first, and the others. */
export const nodes = (...changes: Readonly<Record<string, string>>[]): [string, string[]] => [
  node(1, changes[0]),
  [2, 3].map((n) => node(n, changes[n - 1])),
]
