import type {ServiceFailure} from './failure.ts'

/** How a service complains about what it was given. */
export interface Complaints {
  missing(name: string): ServiceFailure
  /** `constraint` completes "Value ... must", e.g. `have value less than or equal to 10`. */
  invalid(name: string, value: unknown, constraint: string): ServiceFailure
}

/**
 * What a call was given, whatever the protocol: JSON has typed values, the query protocols have text for all of them.
 * A name that was not given is undefined or empty; a wrong type, a missing or impossible value is the service's failure.
 */
export class Input {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #complaints: Complaints

  constructor(values: Readonly<Record<string, unknown>>, complaints: Complaints) {
    this.#values = values
    this.#complaints = complaints
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name) && this.#values[name] !== null
  }

  text(name: string): string | undefined {
    if (!this.has(name)) return undefined
    const value = this.#values[name]
    if (typeof value !== 'string') throw this.#complaints.invalid(name, value, 'be text')
    return value
  }

  required(name: string): string {
    const value = this.text(name)
    if (value === undefined) throw this.#complaints.missing(name)
    return value
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name)
    const choice = choices.find((one) => one === value)
    if (value !== undefined && choice === undefined) {
      throw this.#complaints.invalid(name, value, `satisfy enum value set: [${choices.join(', ')}]`)
    }
    return choice
  }

  flag(name: string): boolean {
    const value = this.has(name) ? this.#values[name] : false
    if (value === true || value === 'true') return true
    if (value === false || value === 'false') return false
    throw this.#complaints.invalid(name, value, 'be true or false')
  }

  integer(name: string, {least, most}: {readonly least: number; readonly most: number}): number | undefined {
    if (!this.has(name)) return undefined
    const value = this.#values[name]
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
      throw this.#complaints.invalid(name, value, 'be an integer')
    }
    if (number < least) throw this.#complaints.invalid(name, value, `have value greater than or equal to ${least}`)
    if (number > most) throw this.#complaints.invalid(name, value, `have value less than or equal to ${most}`)
    return number
  }

  texts(name: string): readonly string[] {
    return this.#list(name).map((value) => {
      if (typeof value === 'string') return value
      throw this.#complaints.invalid(name, value, 'be text')
    })
  }

  structures(name: string): readonly Input[] {
    return this.#list(name).map((value) => {
      if (isRecord(value)) return new Input(value, this.#complaints)
      throw this.#complaints.invalid(name, value, 'be a structure')
    })
  }

  /** Without values where none was given. */
  structure(name: string): Input {
    const value = this.has(name) ? this.#values[name] : {}
    if (isRecord(value)) return new Input(value, this.#complaints)
    throw this.#complaints.invalid(name, value, 'be a structure')
  }

  #list(name: string): readonly unknown[] {
    const value = this.has(name) ? this.#values[name] : []
    if (Array.isArray(value)) return value
    if (isRecord(value)) return numbered(value)
    if (value === '') return []
    throw this.#complaints.invalid(name, value, 'be a list')
  }
}

/** Query protocols number a list's elements, some below a `member`: Names.member.1, Filter.1.Value.2 */
function numbered(value: Readonly<Record<string, unknown>>): readonly unknown[] {
  const elements = isRecord(value.member) ? value.member : value
  return Object.keys(elements)
    .filter((key) => /^\d+$/.test(key))
    .sort((one, other) => Number(one) - Number(other))
    .map((key) => elements[key])
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
