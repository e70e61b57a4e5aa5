import assert from 'node:assert/strict'
import {createPrivateKey, generateKeyPairSync, X509Certificate} from 'node:crypto'
import {
  type CertificateRequest,
  createCertificateAuthority,
  DAY_MS,
  type IssuedCertificate,
  issueCertificate,
} from '../../../src/lib/author/certificates.ts'
import {Exit, type OpsError} from '../../../src/lib/errors.ts'

const now = Date.parse('2026-01-02T03:04:05.678Z')
const server = {name: 'c-node-1', use: 'server', hosts: ['c-node-1.c.internal', '10.0.1.7'], now, days: 90} as const

describe('certificates', () => {
  let authority: IssuedCertificate
  before(async () => {
    authority = await createCertificateAuthority({name: 'c CA', now, days: 3650})
  })

  const issue = async (request: Partial<CertificateRequest> = {}) => {
    const issued = await issueCertificate(authority, {...server, ...request})
    return {...issued, x509: new X509Certificate(issued.certificate)}
  }

  it('makes an authority that signs, for servers that are also clients of each other', async () => {
    const ca = new X509Certificate(authority.certificate)
    const {x509, key} = await issue()
    assert.deepEqual(
      {
        subject: x509.subject,
        issuer: x509.issuer,
        names: x509.subjectAltName,
        uses: x509.keyUsage,
        signed: x509.verify(ca.publicKey),
        selfSigned: ca.verify(ca.publicKey),
        authorities: [ca.ca, x509.ca],
        key: x509.checkPrivateKey(createPrivateKey(key)),
        curve: createPrivateKey(key).asymmetricKeyDetails?.namedCurve,
      },
      {
        subject: 'CN=c-node-1',
        issuer: 'CN=c CA',
        names: 'DNS:c-node-1.c.internal, IP Address:10.0.1.7',
        uses: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
        signed: true,
        selfSigned: true,
        authorities: [true, false],
        key: true,
        curve: 'prime256v1',
      },
    )
  })

  it('lets a client be a client and nothing else', async () => {
    const {x509} = await issue({use: 'client', name: 'messenger', hosts: []})
    assert.deepEqual([x509.keyUsage, x509.subjectAltName], [['1.3.6.1.5.5.7.3.2'], undefined])
  })

  it('is valid five minutes back, for a clock that is behind, and for as long as asked', async () => {
    const {x509} = await issue()
    assert.deepEqual(
      [x509.validFromDate.toISOString(), x509.validToDate.toISOString()],
      ['2026-01-02T02:59:05.000Z', '2026-04-02T03:04:05.000Z'],
    )
  })

  it('issues nothing that outlives the authority', async () => {
    const {x509} = await issue({days: 36_500})
    assert.equal(x509.validToDate.getTime(), Math.floor((now + 3650 * DAY_MS) / 1000) * 1000)
  })

  it('never uses a serial number or a key twice', async () => {
    const [one, two] = [await issue(), await issue()]
    assert.notEqual(one.x509.serialNumber, two.x509.serialNumber)
    assert.notEqual(one.key, two.key)
  })

  it('refuses what no certificate can say', async () => {
    const wrong: readonly [Partial<CertificateRequest>, RegExp][] = [
      [{name: ''}, /^"" cannot be the name of a certificate/],
      [{name: 'a\u001b[31m'}, /cannot be the name of a certificate/],
      [{name: 'n'.repeat(65)}, /cannot be the name of a certificate/],
      [{hosts: ['nats://node-1:4222']}, /^"nats:\/\/node-1:4222" is neither a host name nor an IP address$/],
      [{hosts: ['10.0.0.1:4222']}, /neither a host name nor an IP address/],
      [{hosts: ['10.0.0']}, /neither a host name nor an IP address/],
      [{hosts: ['a..b']}, /neither a host name nor an IP address/],
      [{hosts: ['*.*.internal']}, /neither a host name nor an IP address/],
      [{hosts: ['']}, /neither a host name nor an IP address/],
    ]
    for (const [request, message] of wrong) {
      await assert.rejects(issue(request), (error: OpsError) => {
        assert.match(error.message, message)
        assert.equal(error.exit, Exit.usage)
        return true
      })
    }
  })

  it('refuses an authority whose key is of another kind or of another certificate', async () => {
    const stranger = await createCertificateAuthority({name: 'other', now, days: 1})
    const {privateKey} = generateKeyPairSync('ed25519')
    const keys = [stranger.key, privateKey.export({type: 'pkcs8', format: 'pem'}).toString()]
    const messages = [/is not the key of its certificate/, /is not ECDSA on P-256 \(ed25519\)/]
    for (const [index, key] of keys.entries()) {
      await assert.rejects(issueCertificate({...authority, key}, server), messages[index] ?? /never/)
    }
  })
})
