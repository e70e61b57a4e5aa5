import type {LookupFunction} from 'node:net'
import type {DetailedPeerCertificate, TLSSocket} from 'node:tls'
import {type Answer, answered, unanswered} from '../../domain/answer.ts'
import {messageOf} from '../../errors.ts'
import type {CertificateProbe} from '../ports.ts'
import {readInfo, startTcp, startTls, type TlsTarget} from './tls.ts'

/**
 * Nothing is sent, and nothing trusted: what is wrong with a certificate is for the caller to say. Names are looked up by
 * Node itself where `lookup` is absent.
 */
export function openCertificateProbe(lookup?: LookupFunction): CertificateProbe {
  return {
    async chain({host, port, kind}, signal) {
      const target: TlsTarget = {host, port, material: {}, lookup}
      if (kind === 'https') return chainOf(startTls(target), signal)
      const socket = startTcp(target)
      let failure: unknown
      socket.on('error', (error) => {
        failure = error
      })
      const info = await readInfo(socket, AbortSignal.any([signal, AbortSignal.timeout(1000)]))
      if (info === 'tls') return chainOf(startTls(target, socket), signal)
      socket.destroy()
      if (failure !== undefined) return unanswered('refused', messageOf(failure), Date.now())
      if (info === 'silent' && !signal.aborted) return chainOf(startTls(target), signal)
      return info === 'plain' ? answered(undefined, Date.now()) : unanswered('timeout', 'no answer in time', Date.now())
    },
  }
}

function chainOf(socket: TLSSocket, signal: AbortSignal): Promise<Answer<readonly string[] | undefined>> {
  const {promise, resolve} = Promise.withResolvers<Answer<readonly string[] | undefined>>()
  const onAbort = (): void => resolve(unanswered('timeout', 'no answer in time', Date.now()))
  socket.once('secureConnect', () => resolve(answered(pemsOf(socket.getPeerCertificate(true)), Date.now())))
  socket.once('error', (error) => resolve(unanswered('tls', messageOf(error), Date.now())))
  socket.once('close', () => resolve(unanswered('truncated', 'the connection was closed', Date.now())))
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, {once: true})
  return promise.finally(() => {
    signal.removeEventListener('abort', onAbort)
    socket.on('error', () => {}).destroy()
  })
}

/** A self-signed certificate is its own issuer: the chain ends there. */
function pemsOf(leaf: DetailedPeerCertificate): readonly string[] {
  const found: string[] = []
  const seen = new Set<string>()
  let next: DetailedPeerCertificate | undefined = leaf
  while (next?.raw && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256)
    const base64 = next.raw.toString('base64').match(/.{1,64}/g) ?? []
    found.push(`-----BEGIN CERTIFICATE-----\n${base64.join('\n')}\n-----END CERTIFICATE-----\n`)
    next = next.issuerCertificate
  }
  return found
}
