import assert from 'node:assert/strict'
import {once} from 'node:events'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import ConfigDiff from '../../../src/commands/config/diff.ts'
import {openConfiguration} from '../../../src/lib/config.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {runCommand} from '../../support/run.ts'

/** config diff of a node at this port; what real servers say is in test/integration/author/generated-config.test.ts. */
async function diff(
  port: number,
  description: string,
  nodes: readonly string[] = ['n1'],
  files: Readonly<Record<string, string>> = {},
) {
  const targets = nodes.map((name) => ({name, host: '127.0.0.1', monitorPort: port}))
  using folder = temporaryFolder({
    ...files,
    'cluster.yaml': description,
    'natsops.json': JSON.stringify({clusters: {blue: {nodes: targets}}}),
  })
  const configuration = openConfiguration({variables: {}, home: folder.path, cwd: folder.path})
  const argv = ['--cluster', 'blue', '--file', join(folder.path, 'cluster.yaml'), '--no-aws']
  const {path} = folder
  return {...(await runCommand(ConfigDiff, argv, {configuration})), path}
}

const description = 'name: blue\nnodes: [{name: n1, host: 127.0.0.1}]\nauth: {mode: none}\n'

describe('config diff', () => {
  it('refuses the description of another cluster', async () => {
    const {stderr, exitCode, path} = await diff(1, description.replace('blue', 'green'))
    assert.equal(exitCode, 2)
    assert.equal(
      stderr,
      `error: ${path}/cluster.yaml describes green, not blue\n  try: natsops config diff --cluster green --file ${path}/cluster.yaml\n`,
    )
  })

  it('says that no node answers, with exit status 7', async () => {
    const {stdout, exitCode} = await diff(1, description)
    assert.equal(exitCode, 7)
    assert.match(stdout, /^n1\tsilent\t-\tconnection refused/m)
  })

  it('tells nodes that are missing from nodes that nobody described, and prints no escape sequences', async () => {
    const varz = {server_name: 'n1\u001b[2J', port: 4222, http_port: 8222, max_payload: 1}
    await using server = await serve(() => varz)
    const text = description.replace('}]', '}, {name: n2}]')
    const {stdout, exitCode} = await diff(server.port, text, ['n1', 'n3'])
    assert.equal(exitCode, 20)
    assert.match(stdout, /^n1\tserver_name\tn1\tn1\\x1b\[2J$/im)
    assert.match(stdout, /^n1\tmax_payload\t1048576\t1$/m)
    assert.match(stdout, /^n2\tmissing\t-\t-$/m)
    assert.match(stdout, /^n3\tundescribed\t-\t-$/m)
    assert.doesNotMatch(stdout, /\u001b/)
  })

  it('tells an account that runs with another JWT, one that nobody described, and one that cannot be known', async () => {
    const [app, sys, stranger] = ['APP', 'SYS', 'XXX'].map((name) => `A${name.padEnd(55, 'Q')}`) as [
      string,
      string,
      string,
    ]
    const preload = {
      operator: 'eyJ.o.s',
      system_account: sys,
      resolver: 'MEMORY',
      resolver_preload: {[app]: 'eyJ.new.s', [sys]: 'eyJ.sys.s'},
    }
    // As 2.10 says it: no digest, and no account that nobody has used yet.
    await using server = await serve((path) => {
      if (path === '/accountz') return {accounts: ['$G', app, stranger]}
      if (path === `/accountz?acc=${app}`) return {account_detail: {jwt: 'eyJ.old.s'}}
      return {server_name: 'n1'}
    })
    const text = description.replace('none', 'operator')
    const {stdout} = await diff(server.port, text, ['n1'], {'auth/preload.json': JSON.stringify(preload)})
    const accounts = stdout.split('\n').filter((line) => line.includes('\taccounts.'))
    assert.deepEqual(accounts, [
      `n1\taccounts.${app}\tthe JWT of the preload file\tanother JWT`,
      `n1\taccounts.${stranger}\t-\tpresent`,
    ])
    assert.doesNotMatch(stdout, /config_digest|eyJ/)
  })
})

/** A monitoring port with these pages, by path and query. */
async function serve(pageOf: (path: string) => unknown) {
  const server = createServer(({url = ''}, response) => response.end(JSON.stringify(pageOf(url)))).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.close()
    },
  }
}
