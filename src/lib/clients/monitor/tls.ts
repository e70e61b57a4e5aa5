import {connect as connectTcp, isIP, type LookupFunction, type Socket} from 'node:net'
import {connect as connectTls, type TLSSocket} from 'node:tls'
import type {TlsMaterial} from '../tls-files.ts'

export interface TlsTarget {
  readonly host: string
  readonly port: number
  readonly material: TlsMaterial
  /** Node's own where absent. */
  readonly lookup?: LookupFunction | undefined
}

/**
 * Expiry of the certificate a port shows when TLS starts at once, milliseconds since the epoch; undefined when none
 * is shown in time. Nothing is sent and nothing trusted: an expired certificate is just the one to see.
 */
export function expiryOfTlsPort(target: TlsTarget, signal: AbortSignal): Promise<number | undefined> {
  return expiryOf(startTls(target), signal)
}

/**
 * The same for a NATS client port, where the server sends `INFO {...}` in plain text and says there whether TLS
 * follows. A server that is silent until TLS starts (handshake_first) is asked again with TLS at once.
 */
export async function expiryOfClientPort(target: TlsTarget, signal: AbortSignal): Promise<number | undefined> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(1000)])
  const socket = startTcp(target)
  const info = await readInfo(socket, patience)
  if (info === 'tls') return expiryOf(startTls(target, socket), signal)
  socket.destroy()
  return info === 'silent' && !signal.aborted ? expiryOfTlsPort(target, signal) : undefined
}

export function startTcp(target: TlsTarget): Socket {
  return connectTcp(placeOf(target))
}

export function startTls(target: TlsTarget, socket?: Socket): TLSSocket {
  const {host, material} = target
  const servername = isIP(host) ? '' : host
  return connectTls({...material, ...(socket ? {socket} : placeOf(target)), servername, rejectUnauthorized: false})
}

function placeOf({host, port, lookup}: TlsTarget): {host: string; port: number; lookup?: LookupFunction} {
  return {host, port, ...(lookup ? {lookup} : {})}
}

function expiryOf(socket: TLSSocket, signal: AbortSignal): Promise<number | undefined> {
  const {promise, resolve} = Promise.withResolvers<number | undefined>()
  const end = (): void => resolve(undefined)
  socket.once('secureConnect', () => {
    const expiry = Date.parse(socket.getPeerCertificate().valid_to ?? '')
    resolve(Number.isNaN(expiry) ? undefined : expiry)
  })
  socket.once('error', end).once('close', end)
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, {once: true})
  return promise.finally(() => {
    signal.removeEventListener('abort', end)
    socket.on('error', () => {}).destroy()
  })
}

const LONGEST_INFO = 64 * 1024

/** `silent`: connected, but nothing was said in time. */
export function readInfo(socket: Socket, signal: AbortSignal): Promise<'tls' | 'plain' | 'silent'> {
  const {promise, resolve} = Promise.withResolvers<'tls' | 'plain' | 'silent'>()
  let text = ''
  const onData = (chunk: Buffer): void => {
    text += chunk.toString('utf8')
    if (text.includes('\r\n')) resolve(offersTls(text) ? 'tls' : 'plain')
    else if (text.length > LONGEST_INFO) resolve('plain')
  }
  const onFailure = (): void => resolve('plain')
  const onAbort = (): void => resolve('silent')
  socket.on('data', onData).once('error', onFailure).once('close', onFailure)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, {once: true})
  return promise.finally(() => {
    signal.removeEventListener('abort', onAbort)
    socket
      .off('data', onData)
      .off('close', onFailure)
      .on('error', () => {})
  })
}

function offersTls(text: string): boolean {
  try {
    const info: unknown = JSON.parse(text.slice(text.indexOf('{'), text.indexOf('\r\n')))
    const {tls_required, tls_available} = info as {tls_required?: unknown; tls_available?: unknown}
    return tls_required === true || tls_available === true
  } catch {
    return false
  }
}
