import {randomBytes} from 'node:crypto'

export type ParameterType = 'String' | 'StringList' | 'SecureString'

export interface ParameterRecord {
  readonly name: string
  readonly type: ParameterType
  readonly value: string
  /** What is shown of a SecureString without decryption: like KMS's ciphertext, and unrelated to the value. */
  readonly ciphertext: string
  /** Counts from 1. */
  readonly version: number
  readonly modifiedAt: number
  readonly tier: string
}

/** SSM's parameters: the newest version of each, sorted by name. */
export class Parameters {
  readonly #records = new Map<string, ParameterRecord>()

  get(name: string): ParameterRecord | undefined {
    return this.#records.get(name)
  }

  /** Writes the next version and returns it; whether overwriting is allowed is the caller's question. */
  put(parameter: Omit<ParameterRecord, 'version' | 'ciphertext'>): ParameterRecord {
    const {name, value} = parameter
    const version = (this.#records.get(name)?.version ?? 0) + 1
    const record = {...parameter, version, ciphertext: createCiphertext(value)}
    this.#records.set(name, record)
    return record
  }

  /** False when there was none. The next parameter of this name starts at version 1 again. */
  delete(name: string): boolean {
    return this.#records.delete(name)
  }

  all(): readonly ParameterRecord[] {
    return [...this.#records.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  /** Those below a path, e.g. `/nats-cluster/c`; directly below it only, unless `recursive`. */
  below(path: string, {recursive}: {readonly recursive: boolean}): readonly ParameterRecord[] {
    const prefix = path.endsWith('/') ? path : `${path}/`
    return this.all().filter(
      ({name}) => name.startsWith(prefix) && (recursive || !name.slice(prefix.length).includes('/')),
    )
  }
}

/** KMS ciphertext begins AQICAH and is some 150 bytes longer than what it hides. */
function createCiphertext(value: string): string {
  const header = Buffer.from([0x01, 0x02, 0x02, 0x00, 0x78])
  return Buffer.concat([header, randomBytes(150 + Buffer.byteLength(value))]).toString('base64')
}
