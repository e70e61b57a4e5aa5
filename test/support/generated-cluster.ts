import {spawn} from 'node:child_process'
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import type {IncomingMessage} from 'node:http'
import {Agent, get} from 'node:https'
import {dirname, join} from 'node:path'
import {text} from 'node:stream/consumers'
import {createCertificateAuthority, issueCertificate} from '../../src/lib/author/certificates.ts'
import {systemClock} from '../../src/lib/clock.ts'
import type {Context} from '../../src/lib/context.ts'
import {type GenerateReport, generateConfig, type Target} from '../../src/lib/ops/config-generate.ts'
import {killAll} from './children.ts'
import {eventually} from './eventually.ts'
import type {NatsServer} from './nats-servers.ts'
import {emptyConfiguration} from './run.ts'

/** A description of servers on this machine; `{folder}` in it is the folder of its files. */
export interface TestCluster {
  /** Folder of the description; relative paths in it are seen from here. */
  readonly folder: string
  readonly description: string
  readonly out: string
}

/** Writes the description and generates its files with the real use case. */
export async function generateIn(
  folder: string,
  name: string,
  description: string,
  target: Target = 'systemd',
): Promise<TestCluster & {readonly report: GenerateReport}> {
  const file = join(folder, `${name}.yaml`)
  const out = join(folder, `${name}-${target}`)
  mkdirSync(dirname(file), {recursive: true})
  writeFileSync(file, description)
  const report = await generateConfig(localContext(), {file, out, target, force: false, dryRun: false})
  return {folder, description: file, out, report}
}

function localContext(): Context {
  return {configuration: emptyConfiguration(), clock: systemClock, signal: new AbortController().signal} as Context
}

/** Certificates of nodes and of one client, laid out as descriptions expect them; the authority's own in ca.crt. */
export async function writeCertificates(folder: string, nodes: readonly string[]): Promise<void> {
  const validity = {now: Date.now(), days: 1}
  const authority = await createCertificateAuthority({name: 'test CA', ...validity})
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), {recursive: true})
    writeFileSync(join(folder, path), text, {mode: 0o600})
  }
  write('ca.crt', authority.certificate)
  for (const name of nodes) {
    const issued = await issueCertificate(authority, {
      name,
      use: 'server',
      hosts: [name, 'localhost', '127.0.0.1'],
      ...validity,
    })
    write(`${name}/ca.crt`, authority.certificate)
    write(`${name}/server.crt`, issued.certificate)
    write(`${name}/server.key`, issued.key)
  }
  const client = await issueCertificate(authority, {name: 'client', use: 'client', hosts: [], ...validity})
  write('client.crt', client.certificate)
  write('client.key', client.key)
}

export interface RunningServers extends AsyncDisposable {
  /** What the servers have written so far. */
  log(): string
  signal(node: string, signal: NodeJS.Signals): void
}

/** Starts the generated configuration of each node. */
export function startServers(server: NatsServer, out: string, nodes: readonly string[]): RunningServers {
  const logs: string[] = []
  const children = nodes.map((node) => {
    const path = join(out, 'nodes', node, 'nats-server.conf')
    const child = spawn(server.path, ['-c', path], {stdio: ['ignore', 'ignore', 'pipe']})
    child.stderr.on('data', (chunk) => logs.push(String(chunk)))
    return child
  })
  return {
    log: () => logs.join(''),
    signal: (node, signal) => void children[nodes.indexOf(node)]?.kill(signal),
    [Symbol.asyncDispose]: () => killAll(children),
  }
}

/** How long servers that do become a cluster may take to place a stream; they take one or two seconds. */
export const FORMING_MS = 20_000

/**
 * As startServers, when `formed` has resolved. Servers of 2.10 that start together may leave one of them out for good
 * (docs/lab.md): where `formed` rejects, all begin anew without `stores`, twice at most.
 */
export async function startFormed(
  server: NatsServer,
  {out, stores, nodes}: {readonly out: string; readonly stores: string; readonly nodes: readonly string[]},
  formed: (servers: RunningServers) => Promise<void>,
): Promise<RunningServers> {
  const attempt = async (): Promise<RunningServers> => {
    const servers = startServers(server, out, nodes)
    try {
      await formed(servers)
      return servers
    } catch (cause) {
      await servers[Symbol.asyncDispose]()
      rmSync(stores, {recursive: true, force: true})
      throw new Error(servers.log(), {cause})
    }
  }
  return attempt().catch(attempt).catch(attempt)
}

/** JSON of a monitoring page of 127.0.0.1; with `ca` over https. */
export async function monitorPage(port: number, path: string, ca?: string): Promise<Record<string, unknown>> {
  if (ca === undefined)
    return (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as Record<string, unknown>
  const agent = new Agent({ca: readFileSync(ca)})
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({host: '127.0.0.1', port, path, agent}, resolve).on('error', reject)
  })
  return JSON.parse(await text(response)) as Record<string, unknown>
}

/** Until every monitoring port says that its server and its JetStream are well. */
export async function untilHealthy(ports: readonly number[], servers: RunningServers, ca?: string): Promise<void> {
  for (const port of ports) {
    await eventually(`the server of port ${port} is healthy`, async () => {
      return (await monitorPage(port, '/healthz', ca)).status === 'ok'
    }).catch((error) => {
      throw new Error(servers.log(), {cause: error})
    })
  }
}
