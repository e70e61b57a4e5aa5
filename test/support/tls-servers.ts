import {execFileSync} from 'node:child_process'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Authority} from '../../src/lib/author/authority.ts'
import type {TlsFiles} from '../../src/lib/domain/settings.ts'
import {temporaryFolder} from './folder.ts'
import {type SingleServer, startSingleServer} from './single-server.ts'

/** Servers with TLS, their certificates from an authority of their own. */
export interface TlsServers {
  /** Its certificate is for localhost. */
  readonly secure: SingleServer
  /** The same, and asks clients for a certificate. */
  readonly mutual: SingleServer
  /** Its certificate is for 127.0.0.1. */
  readonly byAddress: SingleServer
  /** Configuration of a client that knows the authority. */
  readonly files: TlsFiles
  /** A file beside ca.pem, server.pem, server.key, address.pem and address.key. */
  path(name: string): string
  stop(): Promise<void>
}

export async function startTlsServers(authority: Authority): Promise<TlsServers> {
  const folder = temporaryFolder()
  const path = (name: string): string => join(folder.path, name)
  makeCertificates(folder.path)
  const files = `cert_file: "${path('server.pem')}", key_file: "${path('server.key')}", ca_file: "${path('ca.pem')}"`
  const ofAddress = `cert_file: "${path('address.pem')}", key_file: "${path('address.key')}"`
  const started: SingleServer[] = []
  const start = async (tls: string): Promise<SingleServer> => {
    const server = await startSingleServer(authority, `tls { ${tls} }\n`)
    started.push(server)
    return server
  }
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()))
    folder[Symbol.dispose]()
  }
  try {
    return {
      secure: await start(files),
      mutual: await start(`${files}, verify: true`),
      byAddress: await start(ofAddress),
      files: {ca: path('ca.pem'), cert: undefined, key: undefined},
      path,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** An authority, and two certificates from it: one for localhost only, one for 127.0.0.1 only. */
function makeCertificates(folder: string): void {
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, {cwd: folder, stdio: ['ignore', 'ignore', 'pipe']})
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout']
  openssl('req', '-x509', ...key, 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test authority', '-days', '1')
  const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
  for (const [name, subject] of [
    ['server', 'DNS:localhost'],
    ['address', 'IP:127.0.0.1'],
  ]) {
    openssl('req', ...key, `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=test server')
    writeFileSync(join(folder, 'names'), `subjectAltName=${subject}\n`)
    openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-out', `${name}.pem`, '-days', '1')
  }
}
