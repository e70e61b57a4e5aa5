import type {ConfigurationEntry, ConfigurationMap, ConfigurationValue, Place} from './parse.ts'

/** A block of a configuration, by the names the server knows a setting under: in any case, the last one counts. */
export class Block {
  readonly place: Place
  readonly #map: ConfigurationMap | undefined

  constructor(map: ConfigurationMap | undefined, place: Place) {
    this.#map = map
    this.place = map?.place ?? place
  }

  get exists(): boolean {
    return this.#map !== undefined
  }

  get entries(): readonly ConfigurationEntry[] {
    return this.#map?.entries ?? []
  }

  entry(...names: readonly string[]): ConfigurationEntry | undefined {
    return this.entries.findLast(({key}) => names.includes(key.toLowerCase()))
  }

  value(...names: readonly string[]): ConfigurationValue | undefined {
    return this.entry(...names)?.value
  }

  /** Also of a number, as it would be written. */
  text(...names: readonly string[]): string | undefined {
    return textOf(this.value(...names))
  }

  number(...names: readonly string[]): number | undefined {
    const value = this.value(...names)
    return value?.kind === 'number' ? value.value : undefined
  }

  flag(...names: readonly string[]): boolean | undefined {
    const value = this.value(...names)
    return value?.kind === 'boolean' ? value.value : undefined
  }

  /** Seconds, from a duration or from a bare number. */
  seconds(...names: readonly string[]): number | undefined {
    return this.number(...names) ?? parseGoDuration(this.text(...names) ?? '')
  }

  block(...names: readonly string[]): Block {
    const value = this.value(...names)
    return new Block(value?.kind === 'map' ? value : undefined, this.place)
  }

  /** The maps of a list. */
  blocks(...names: readonly string[]): readonly Block[] {
    return this.list(...names).flatMap((item) => (item.kind === 'map' ? [new Block(item, item.place)] : []))
  }

  /** One value is a list of one. */
  list(...names: readonly string[]): readonly ConfigurationValue[] {
    const value = this.value(...names)
    if (value === undefined) return []
    return value.kind === 'array' ? value.items : [value]
  }

  /** Where a setting stands, or the block it is missing from. */
  placeOf(...names: readonly string[]): Place {
    return this.entry(...names)?.place ?? this.place
  }
}

export function textOf(value: ConfigurationValue | undefined): string | undefined {
  if (value?.kind === 'string') return value.text
  return value?.kind === 'number' ? String(value.value) : undefined
}

/** Where a port is opened; undefined where the block says nothing. Without a host it is every address. */
export interface Address {
  readonly host: string
  readonly place: Place
}

/** `listen: host:port`, or `host` and `port`. */
export function listenAddress(block: Block, fallback = ''): Address {
  const listen = block.text('listen')
  if (listen !== undefined) return {host: hostOf(listen), place: block.placeOf('listen')}
  return {host: block.text('host', 'net') ?? fallback, place: block.placeOf('host', 'net', 'port')}
}

/** Host of `host:port`, `[::1]:4222`, `nats://user:password@host:port`, `4222`. */
export function hostOf(address: string): string {
  const authority = address
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/^.*@/, '')
    .replace(/[/?#].*$/, '')
  const bracketed = /^\[([^\]]*)\]/.exec(authority)?.[1]
  if (bracketed !== undefined) return bracketed
  return /^\d+$/.test(authority) ? '' : authority.replace(/:[^:]*$/, '')
}

export function isEveryAddress(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600}

/** Seconds of `2m`, `1h30m`, `250ms`; undefined for anything else. */
export function parseGoDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)]
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_SECONDS[unit ?? ''] ?? 0), 0)
}
