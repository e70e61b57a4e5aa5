import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {type Authority, createAuthority} from '../../src/lib/author/authority.ts'
import {newestNatsServer} from './nats-servers.ts'

export interface SingleServer {
  /** host:port of the client port. */
  readonly address: string
  /** host:port of the monitoring port. */
  readonly monitor: string
  readonly pid: number
  stop(): Promise<void>
}

/** An operator with a system account and an application account: users `admin`, `narrow` and one that has expired. */
export function testAuthority(): Promise<Authority> {
  return createAuthority({
    operator: 'test-operator',
    systemAccount: 'SYS',
    accounts: [
      {name: 'SYS', users: [{name: 'sys'}]},
      {
        name: 'APP',
        users: [
          {name: 'admin'},
          {name: 'narrow', permissions: {publish: ['allowed.>'], subscribe: ['_INBOX.>'], respond: false}},
          {name: 'expired', expiresAt: Math.floor(Date.now() / 1000) - 3600},
        ],
      },
    ],
  })
}

/** The user of this name, of whatever account. */
export function userOf(authority: Authority, name: string) {
  const found = authority.accounts.flatMap(({users}) => users).find((user) => user.name === name)
  if (!found) throw new Error(`no user ${name}`)
  return found
}

/** One real nats-server on free ports of 127.0.0.1 that trusts the authority; `extra` is appended to its configuration. */
export async function startSingleServer(authority: Authority | undefined, extra = ''): Promise<SingleServer> {
  const folder = mkdtempSync(join(tmpdir(), 'natsops-server-'))
  const file = join(folder, 'nats.conf')
  const ports = JSON.stringify(folder)
  writeFileSync(
    file,
    `listen: "127.0.0.1:-1"\nhttp: "127.0.0.1:-1"\nports_file_dir: ${ports}\n${trust(authority)}${extra}`,
  )
  const server = spawn(newestNatsServer().path, ['-c', file], {stdio: ['ignore', 'ignore', 'pipe']})
  const closed = once(server, 'close')
  let log = ''
  server.stderr.on('data', (chunk) => {
    log += chunk
  })
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL')
    await closed
    rmSync(folder, {recursive: true, force: true})
  }
  for (;;) {
    const found = readPorts(folder)
    if (found) return {...found, pid: server.pid!, stop}
    if (server.exitCode !== null) {
      await stop()
      throw new Error(`nats-server did not start: ${log}`)
    }
    await delay(20)
  }
}

function trust(authority: Authority | undefined): string {
  if (!authority) return ''
  const {operatorJwt, systemAccount, accountJwts} = authority.preload
  const preload = Object.entries(accountJwts).map(([key, jwt]) => `  ${key}: ${jwt}\n`)
  return `operator: ${operatorJwt}\nsystem_account: ${systemAccount}\nresolver: MEMORY\nresolver_preload: {\n${preload.join('')}}\n`
}

function readPorts(folder: string): {address: string; monitor: string} | undefined {
  const name = readdirSync(folder).find((each) => each.endsWith('.ports'))
  if (name === undefined) return undefined
  try {
    const {nats, monitoring} = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    return {address: new URL(nats[0]).host, monitor: new URL(monitoring[0]).host}
  } catch {
    return undefined
  }
}
