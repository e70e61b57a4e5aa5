import assert from 'node:assert/strict'
import {execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {connect} from 'nats'
import CertCheck from '../../../src/commands/cert/check.ts'
import {openConfiguration} from '../../../src/lib/config.ts'
import {openContext} from '../../../src/lib/context.ts'
import {generateCertificates} from '../../../src/lib/ops/cert-generate.ts'
import {renewCertificates} from '../../../src/lib/ops/cert-renew.ts'
import {openTerminal} from '../../../src/lib/output/terminal.ts'
import {eventually} from '../../support/eventually.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {natsServerOf} from '../../support/nats-servers.ts'
import {testPorts} from '../../support/ports.ts'
import {emptyConfiguration, runCommand} from '../../support/run.ts'

const RENEWAL = {authorityFolder: undefined, days: 90, authorityDays: 900, dryRun: false}

for (const series of ['2.10', '2.15'] as const) {
  describe(`certificates on nats-server ${series}`, () => {
    const {path: program} = natsServerOf(series)
    let folder: ReturnType<typeof temporaryFolder>
    let ports: readonly number[]
    let servers: ReturnType<typeof spawn>[]
    const path = (...names: string[]): string => join(folder.path, 'tls', ...names)
    const context = openContext({
      configuration: emptyConfiguration(),
      terminal: openTerminal({colour: false, quiet: true}),
      signal: new AbortController().signal,
    })

    before(async () => {
      folder = temporaryFolder()
      await generateCertificates(context, {
        file: undefined,
        cluster: undefined,
        target: undefined,
        nodes: ['n1=n1.example.internal', 'n2=n2.example.internal'],
        clients: ['app'],
        out: path(),
        authorityFolder: undefined,
        localhost: true,
        days: 20,
        authorityDays: 900,
        force: false,
        dryRun: false,
      })
      ports = await testPorts(6)
      servers = ['n1', 'n2'].map((name, index) => {
        const file = join(folder.path, `${name}.conf`)
        writeFileSync(file, configurationOf(name, ports.slice(index * 3, index * 3 + 3), ports[1] ?? 0))
        return spawn(program, ['-c', file], {stdio: 'ignore'})
      })
    })
    after(async () => {
      for (const server of servers) {
        const gone = once(server, 'exit')
        if (server.exitCode === null && server.kill('SIGKILL')) await gone
      }
      folder[Symbol.dispose]()
    })

    const configurationOf = (name: string, [client = 0, cluster = 0, monitor = 0]: readonly number[], seed: number) => {
      const tls = `tls { cert_file: "${path(name, 'server.crt')}", key_file: "${path(name, 'server.key')}", ca_file: "${path(name, 'ca.crt')}", verify: true }`
      return `server_name: ${name}\nlisten: "127.0.0.1:${client}"\nhttps: "127.0.0.1:${monitor}"\n${tls}
cluster { name: c, listen: "127.0.0.1:${cluster}", routes: ["nats://localhost:${seed}"], ${tls} }\n`
    }
    const material = (): {caFile: string; certFile: string; keyFile: string} => ({
      caFile: path('clients', 'app', 'ca.crt'),
      certFile: path('clients', 'app', 'client.crt'),
      keyFile: path('clients', 'app', 'client.key'),
    })
    const options = (port: number | undefined, tls: object) => ({
      servers: `localhost:${port}`,
      tls,
      reconnect: false,
      timeout: 30_000,
    })
    const answers = async (tls: object): Promise<true> => {
      for (const port of [ports[0], ports[3]]) {
        const connection = await connect(options(port, tls))
        await connection.flush()
        await connection.close()
      }
      return true
    }

    it('lets servers form a cluster, clients in with theirs, and nobody without', async () => {
      await eventually('both servers take clients', () => answers(material()))
      await eventually('the servers have a route to each other', async () => {
        const {default: https} = await import('node:https')
        const {promise, resolve, reject} = Promise.withResolvers<string>()
        const {caFile, certFile, keyFile} = material()
        const tls = {ca: readFileSync(caFile), cert: readFileSync(certFile), key: readFileSync(keyFile)}
        https
          .get(`https://localhost:${ports[2]}/routez`, tls, async (response) => {
            resolve((await response.toArray()).join(''))
          })
          .on('error', reject)
        return JSON.parse(await promise).num_routes > 0
      })
      const {caFile} = material()
      await assert.rejects(connect(options(ports[0], {caFile})))
      const {certFile, keyFile} = material()
      await assert.rejects(connect(options(ports[0], {certFile, keyFile})))
    })

    it('is accepted by openssl', function () {
      try {
        execFileSync('openssl', ['version'])
      } catch {
        this.skip()
      }
      const verify = (...argv: string[]): string =>
        execFileSync('openssl', ['verify', '-x509_strict', ...argv], {encoding: 'utf8', stdio: 'pipe'})
      const server = ['-CAfile', path('n1', 'ca.crt'), path('n1', 'server.crt')]
      assert.match(verify('-purpose', 'sslserver', '-verify_hostname', 'n1.example.internal', ...server), /: OK\n$/)
      assert.match(verify('-purpose', 'sslclient', ...server), /: OK\n$/)
      const {caFile, certFile} = material()
      assert.match(verify('-purpose', 'sslclient', '-CAfile', caFile, certFile), /: OK\n$/)
      assert.throws(
        () => verify('-purpose', 'sslserver', '-CAfile', caFile, certFile),
        /unsuitable certificate purpose/,
      )
    })

    const check = async (changes: object = {}) => {
      const [client, , monitor] = ports
      const cluster = {
        monitorScheme: 'https',
        tls: {ca: path('n1', 'ca.crt')},
        nodes: [{name: 'n1', host: 'localhost', clientPort: client, monitorPort: monitor}],
        ...changes,
      }
      const configured = temporaryFolder({'natsops.json': JSON.stringify({clusters: {c: cluster}})})
      const configuration = openConfiguration({variables: {}, home: configured.path, cwd: configured.path})
      const outcome = await runCommand(CertCheck, ['--cluster', 'c', '--json', '--timeout', '60s'], {configuration})
      configured[Symbol.dispose]()
      const {certificates, verdict} = JSON.parse(outcome.stdout)
      const found = certificates.flatMap((each: {findings: {problem: string}[]}) =>
        each.findings.map(({problem}) => problem),
      )
      return [outcome.exitCode, verdict, ...found]
    }

    it('is seen by cert check from outside: both ports, their names, authority and time', async () => {
      assert.deepEqual(await check(), [20, 'degraded', 'expiring', 'expiring'])
      assert.deepEqual(await check({thresholds: {certificateDaysWarning: 5, certificateDaysCritical: 1}}), [0, 'ok'])
      const [free = 0] = await testPorts(1)
      const stopped = {nodes: [{name: 'n1', host: 'localhost', clientPort: free, monitorPort: free}]}
      assert.deepEqual(await check(stopped), [7, 'unknown', 'unreachable', 'unreachable'])
    })

    it('is renewed with a new authority while clients of either step are let in', async () => {
      const old = material()
      const before = {ca: readFileSync(old.caFile), cert: readFileSync(old.certFile), key: readFileSync(old.keyFile)}
      const oldClient = {
        caFile: join(folder.path, 'old-ca'),
        certFile: join(folder.path, 'old-crt'),
        keyFile: join(folder.path, 'old-key'),
      }
      writeFileSync(oldClient.caFile, before.ca)
      writeFileSync(oldClient.certFile, before.cert)
      writeFileSync(oldClient.keyFile, before.key)
      const step = async (name: 'trust' | 'issue' | 'drop'): Promise<void> => {
        await renewCertificates(context, {...RENEWAL, folder: path(), step: name})
        for (const server of servers) server.kill('SIGHUP')
      }
      await step('trust')
      await eventually('clients of before are let in', () => answers(oldClient))
      const both = {...oldClient, caFile: join(folder.path, 'both')}
      writeFileSync(both.caFile, readFileSync(material().caFile))
      await step('issue')
      await eventually('a certificate of the new authority is shown', async () => {
        return (await check())[0] === 0
      })
      // Who trusts both is let in with a certificate of either, as soon as every server has read its files again.
      await eventually('the old certificate is taken', () => answers(both))
      await eventually('the new certificate is taken', () => answers(material()))
      await step('drop')
      await eventually('a client of before the rotation is refused', () =>
        answers(both).then(
          () => false,
          () => true,
        ),
      )
      await eventually('the new certificate is taken', () => answers(material()))
    })
  })
}
