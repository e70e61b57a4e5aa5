import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import {connect, credsAuthenticator, type NatsConnection} from 'nats'
import type {Authority} from '../../src/lib/author/authority.ts'
import {connectNats} from '../../src/lib/clients/nats/nats.ts'
import type {NatsClient, NatsConnectOptions} from '../../src/lib/clients/ports.ts'
import {formatCredentials} from '../../src/lib/domain/credentials-format.ts'
import type {TlsFiles} from '../../src/lib/domain/settings.ts'
import type {OpsError} from '../../src/lib/errors.ts'
import {captureOutput} from '../support/capture.ts'
import {connectAsProcess} from '../support/connecting-process.ts'
import {secretsOf} from '../support/credentials.ts'
import {type SingleServer, startSingleServer, testAuthority, userOf} from '../support/single-server.ts'
import {TcpServers} from '../support/tcp-servers.ts'
import {startTlsServers, type TlsServers} from '../support/tls-servers.ts'

const noTls: TlsFiles = {ca: undefined, cert: undefined, key: undefined}

describe('connectNats, against real servers', () => {
  let authority: Authority
  let server: SingleServer

  before(async () => {
    authority = await testAuthority()
    server = await startSingleServer(authority)
  })
  after(() => server.stop())

  const open = (servers: readonly string[], user = 'admin', tls = noTls, timeoutMs = 30_000): Promise<NatsClient> =>
    connectNats({tls}, {servers, credentials: userOf(authority, user), timeoutMs})

  /** With credentials of whatever kind, without TLS. */
  const openWith = (credentials: NatsConnectOptions['credentials'], more: Partial<NatsConnectOptions> = {}) =>
    connectNats({tls: noTls}, {servers: [server.address], credentials, timeoutMs: 30_000, ...more})

  const refused = async (work: Promise<unknown>, code: string, exit: number): Promise<OpsError> => {
    let thrown: OpsError | undefined
    await assert.rejects(work, (error: OpsError) => {
      thrown = error
      return true
    })
    const error = thrown!
    assert.deepEqual({code: error.code, exit: error.exit}, {code, exit}, error.message)
    assert.ok(error.cause instanceof Error)
    const text = `${error.message}${error.stack}${error.suggestions}${error.cause.stack}`
    for (const secret of secretsOf(...authority.accounts.flatMap(({users}) => users))) assert.ok(!text.includes(secret))
    return error
  }

  it('connects with credentials in memory and says which server it has reached', async () => {
    const client = await open([server.address])
    const {id, name, version, cluster} = client.server()
    assert.match(id, /^N[A-Z2-7]{55}$/)
    assert.deepEqual({name, cluster}, {name: id, cluster: undefined})
    assert.match(version, /^2\.\d+\.\d+$/)
    assert.ok((await client.rtt()) >= 0)
    await client.close()
    await client.close()
  })

  it('hears itself on an inbox, and says so where that is not permitted', async () => {
    const client = await open([server.address])
    assert.ok((await client.echo({timeoutMs: 30_000})) > 0)
    await client.close()
    const narrow = await open([server.address], 'narrow')
    await refused(narrow.echo({timeoutMs: 30_000}), 'PERMISSION_DENIED', 10)
    await narrow.close()
  })

  it('tries a subscription without keeping it', async () => {
    const client = await open([server.address], 'narrow')
    const answers = await Promise.all(['_INBOX.x', 'allowed.x', '>'].map((subject) => client.maySubscribe(subject)))
    assert.deepEqual(answers, [true, false, false])
    await client.close()
    const elsewhere = await openWith(userOf(authority, 'narrow'), {inboxPrefix: '_INBOX_own'})
    const error = await refused(elsewhere.echo({timeoutMs: 30_000}), 'PERMISSION_DENIED', 10)
    assert.match(error.message, /_INBOX_own\./)
    await elsewhere.close()
  })

  it('goes on to the next server', async () => {
    const client = await open(['nats://127.0.0.1:1', 'nats://no-such-host.invalid:4222', `nats://${server.address}`])
    await client.close()
  })

  describe('request', () => {
    let service: NatsConnection
    let client: NatsClient
    before(async () => {
      const creds = new TextEncoder().encode(formatCredentials(userOf(authority, 'admin')))
      service = await connect({servers: server.address, authenticator: credsAuthenticator(creds)})
      service.subscribe('allowed.echo', {callback: (_error, message) => void message.respond(message.data)})
      service.subscribe('allowed.silent', {callback: () => {}})
      await service.flush()
      client = await open([server.address], 'narrow')
    })
    after(async () => {
      await client.close()
      await service.close()
    })

    it('gives the answer as bytes', async () => {
      const bytes = await client.request('allowed.echo', Uint8Array.of(1, 0, 255), {timeoutMs: 30_000})
      assert.deepEqual([...bytes], [1, 0, 255])
      assert.equal(new TextDecoder().decode(await client.request('allowed.echo', 'ä', {timeoutMs: 30_000})), 'ä')
    })

    it('tells apart nobody, silence, and no permission, each with the subject', async () => {
      const nobody = await refused(client.request('allowed.nobody', '', {timeoutMs: 30_000}), 'NO_RESPONDERS', 7)
      assert.match(nobody.message, /^nothing answers allowed\.nobody/)
      const silent = await refused(client.request('allowed.silent', '', {timeoutMs: 200}), 'REQUEST_TIMEOUT', 7)
      assert.equal(silent.message, 'no answer to allowed.silent within 0.2s')
      const denied = await refused(client.request('denied.x', '', {timeoutMs: 30_000}), 'PERMISSION_DENIED', 10)
      assert.equal(denied.message, 'this user has no permission for denied.x')
    })

    it('says that contact was lost, at once', async () => {
      const other = await startSingleServer(authority)
      const lost = await open([other.address])
      await other.stop()
      await refused(lost.request('x', '', {timeoutMs: 60_000}), 'NATS_CONTACT_LOST', 7)
      await lost.close()
    })
  })

  describe('is refused', () => {
    it('as a user that this cluster does not know, naming user and account', async () => {
      const {accounts} = await testAuthority()
      const stranger = accounts[1]!.users[0]!
      const {message, suggestions} = await refused(openWith(stranger), 'NATS_AUTHORIZATION', 10)
      assert.equal(
        message,
        `${server.address} does not accept the credentials of user admin (${stranger.publicKey}) of account ${accounts[1]!.publicKey}`,
      )
      assert.match(suggestions.join(), /preloaded on the servers/)
    })

    it('with a JWT that has expired', async () => {
      const {message} = await refused(open([server.address], 'expired'), 'CREDENTIALS_EXPIRED', 10)
      assert.match(message, /^the credentials of user expired \(U\w+\) of account A\w+ have expired$/)
    })

    it('with the seed of another user', async () => {
      const credentials = {jwt: userOf(authority, 'admin').jwt, seed: userOf(authority, 'sys').seed}
      await refused(openWith(credentials), 'NATS_AUTHORIZATION', 10)
    })

    it('without credentials', async () => {
      const {message} = await refused(openWith(undefined), 'NATS_AUTHORIZATION', 10)
      assert.equal(message, `${server.address} needs credentials`)
    })
  })

  describe('cannot connect', () => {
    const others = new TcpServers()
    afterEach(() => others.close())

    it('names every host with its own reason, and the VPN where a name does not resolve', async () => {
      const work = open(['nats://no-such-host.invalid:4222', 'nats://127.0.0.1:1'])
      const {message, suggestions} = await refused(work, 'NATS_UNREACHABLE', 7)
      const [first, second, third, ...rest] = message.split('\n')
      assert.equal(first, 'cannot connect to any server')
      assert.match(second!, /^ {2}nats:\/\/no-such-host\.invalid:4222: the name does not resolve/)
      assert.equal(third, '  nats://127.0.0.1:1: connection refused: nothing listens there')
      assert.deepEqual(rest, [])
      assert.equal(suggestions[0], 'connect the VPN (Cloudflare WARP): warp-cli status')
    })

    it('to the monitoring port, and says that it may be one', async () => {
      const {message, suggestions} = await refused(open([server.monitor], 'admin', noTls, 2000), 'NATS_UNREACHABLE', 7)
      assert.equal(
        message,
        `cannot connect to ${server.monitor}: accepts connections, but did not speak NATS within 2s`,
      )
      assert.match(suggestions.join(), /not the monitoring or the cluster port/)
    })

    it('to something else that speaks first, or hangs up', async () => {
      const banner = await others.listen((socket) => void socket.write('SSH-2.0-OpenSSH_9.6\r\n'))
      const {message} = await refused(open([banner]), 'NATS_UNREACHABLE', 7)
      assert.equal(message, `cannot connect to ${banner}: what answers there does not speak NATS`)
      const broken = await others.listen((socket) => void socket.write('INFO {"server_id":\r\n'))
      assert.match((await refused(open([broken]), 'NATS_UNREACHABLE', 7)).message, /does not speak NATS$/)
      const closing = await others.listen((socket) => void socket.end())
      assert.match((await refused(open([closing]), 'NATS_UNREACHABLE', 7)).message, /closed the connection at once$/)
    })

    it('to what stops speaking NATS, before or after the connection stands, and prints none of it', async () => {
      const garbage = '\u001b[2JBLAH\r\n'
      const stopsAt = (word: string): Promise<string> =>
        others.listen((socket) => {
          socket.write('INFO {"server_id":"x","version":"2.10.0","max_payload":1048576,"proto":1}\r\n')
          socket.on('data', (data) => void socket.write(String(data).includes(word) ? garbage : 'PONG\r\n'))
        })
      const {stdout, stderr, result} = await captureOutput(async () => {
        const early = await stopsAt('CONNECT')
        const {message} = await refused(open([early]), 'NATS_UNREACHABLE', 7)
        assert.equal(message, `cannot connect to ${early}: what answers there does not speak NATS`)
        const late = await open([await stopsAt('PUB')])
        const lost = await refused(late.request('x', '', {timeoutMs: 60_000}), 'NATS_CONTACT_LOST', 7)
        assert.equal(lost.message, 'the connection to NATS was lost before x was answered')
      })
      assert.deepEqual(
        {stdout, stderr, result},
        {stdout: '', stderr: '', result: {status: 'fulfilled', value: undefined}},
      )
    })

    it('and does not keep the process alive because of it', async () => {
      const silent = await others.listen(() => {})
      assert.deepEqual(await connectAsProcess([silent], 200), {stdout: 'NATS_UNREACHABLE\n', stderr: '', status: 0})
    })
  })

  describe('over TLS', () => {
    let tls: TlsServers
    const byName = ({address}: SingleServer): string => address.replace('127.0.0.1', 'localhost')

    before(async () => {
      tls = await startTlsServers(authority)
    })
    after(() => tls?.stop())

    it('connects with the configured authority, to nats:// and tls:// alike', async () => {
      for (const scheme of ['', 'nats://', 'tls://']) {
        const client = await open([`${scheme}${byName(tls.secure)}`], 'admin', tls.files)
        await client.close()
      }
    })

    it('connects with a client certificate where the server asks for one', async () => {
      const certified = {...tls.files, cert: tls.path('server.pem'), key: tls.path('server.key')}
      const client = await open([byName(tls.mutual)], 'admin', certified)
      await client.close()
      const {message} = await refused(open([byName(tls.mutual)], 'admin', tls.files), 'NATS_TLS', 7)
      assert.match(message, /client certificate$/)
    })

    it('refuses an unknown authority, whether it asked for TLS or the server did', async () => {
      for (const scheme of ['nats://', 'tls://']) {
        const {message, suggestions} = await refused(open([`${scheme}${byName(tls.secure)}`]), 'NATS_TLS', 7)
        assert.match(message, /TLS failed: the server's certificate is from an unknown authority$/)
        assert.match(suggestions.join(), /tls\.ca/)
      }
    })

    it('refuses a certificate for another name, also when dialling an IP address', async () => {
      const {message} = await refused(open([tls.secure.address], 'admin', tls.files), 'NATS_TLS', 7)
      assert.equal(
        message,
        `cannot connect to ${tls.secure.address}: TLS failed: the server's certificate is for another name`,
      )
    })

    it('holds a certificate against the address it dialled, where only the server asked for TLS', async () => {
      const {secure, byAddress} = tls
      const servers = [secure.address, byAddress.address, byName(secure), byName(byAddress)]
      // Trusted by the machine, as an authority of the company is.
      const trusting = {NODE_EXTRA_CA_CERTS: tls.path('ca.pem')}
      const {stdout, stderr} = await connectAsProcess(servers, 30_000, trusting)
      // Without credentials: who gets as far as being refused has been shown the right certificate.
      assert.deepEqual([stdout, stderr], ['NATS_TLS\nNATS_AUTHORIZATION\nNATS_AUTHORIZATION\nNATS_TLS\n', ''])
    })

    it('never falls back to a connection without TLS', async () => {
      for (const [address, files] of [
        [server.address, tls.files],
        [`tls://${server.address}`, noTls],
      ] as const) {
        const {message} = await refused(open([address], 'admin', files), 'NATS_TLS', 7)
        assert.match(message, /the server offers no TLS, and this cluster is configured to use it$/)
      }
    })

    it('names the setting whose file cannot be used', async () => {
      const missing = open([tls.secure.address], 'admin', {...noTls, ca: tls.path('none.pem')})
      const {message} = await refused(missing, 'TLS_FILE_NOT_READABLE', 2)
      assert.match(message, /none\.pem, which the configuration names as tls\.ca: ENOENT: no such file or directory$/)
      writeFileSync(tls.path('text'), 'hello')
      const text = open([tls.secure.address], 'admin', {...tls.files, cert: tls.path('text')})
      assert.match((await refused(text, 'TLS_FILE_NOT_READABLE', 2)).message, /as tls\.cert: no PEM text in it$/)
    })
  })
})
