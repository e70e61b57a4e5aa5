import {mkdirSync, readdirSync} from 'node:fs'
import {join} from 'node:path'
import type {Aws, Clock, Parameter, ParameterStore} from '../../src/lib/clients/ports.ts'
import type {Wiring} from '../../src/lib/command.ts'
import {openConfiguration} from '../../src/lib/config.ts'
import {openClusterContext, openContext} from '../../src/lib/context.ts'
import {Exit, OpsError} from '../../src/lib/errors.ts'
import {temporaryFolder} from './folder.ts'

/** Parameters in memory, with versions, and every call noted as `get a,b`, `list /x`, `put /x`, `delete /x`. */
export class FakeParameterStore implements ParameterStore {
  readonly calls: string[] = []
  /** Thrown by every call while set. */
  refusal: Error | undefined
  readonly #parameters = new Map<string, Parameter>()

  constructor(values: Readonly<Record<string, string>> = {}) {
    for (const [name, value] of Object.entries(values)) this.set(name, value)
  }

  set(name: string, value: string): void {
    const version = (this.#parameters.get(name)?.version ?? 0) + 1
    this.#parameters.set(name, {name, value, version, secure: !name.endsWith('nats_host')})
  }

  async get(names: readonly string[]): Promise<ReadonlyMap<string, Parameter>> {
    this.#note(`get ${names.join(',')}`)
    return new Map([...this.#parameters].filter(([name]) => names.includes(name)))
  }

  async list(path: string, {decrypt}: {readonly decrypt: boolean}): Promise<readonly Parameter[]> {
    this.#note(`list ${path}`)
    const below = [...this.#parameters.values()].filter(({name}) => name.startsWith(`${path}/`))
    const shown = decrypt ? below : below.map((each) => (each.secure ? {...each, value: 'ciphertext'} : each))
    return shown.sort((a, b) => a.name.localeCompare(b.name))
  }

  async put(name: string, value: string, {overwrite}: {readonly overwrite: boolean}): Promise<number> {
    this.#note(`put ${name}`)
    if (!overwrite && this.#parameters.has(name)) {
      throw new OpsError(`${name} exists`, {code: 'PARAMETER_EXISTS', exit: Exit.refused})
    }
    this.set(name, value)
    return this.#parameters.get(name)?.version ?? 0
  }

  async delete(name: string): Promise<boolean> {
    this.#note(`delete ${name}`)
    return this.#parameters.delete(name)
  }

  #note(call: string): void {
    this.calls.push(call)
    if (this.refusal) throw this.refusal
  }
}

/** AWS of which only the parameters are there; asking for another service fails the test. */
export function fakeAws(store: ParameterStore, region = 'us-east-2'): Aws {
  const absent = async (): Promise<never> => {
    throw new Error('this fake has parameters only')
  }
  return {
    parameters: async () => store,
    region: async () => region,
    credentialsExpireAt: async () => undefined,
    autoScaling: absent,
    ec2: absent,
    identity: absent,
    runCommand: absent,
    sessions: absent,
    logs: absent,
  }
}

/** A clock that stands where it is put; the monotonic one goes with it, and sleeping moves both. */
export class FakeClock implements Clock {
  time: number

  constructor(time = Date.parse('2026-01-02T03:04:05Z')) {
    this.time = time
  }

  now = (): number => this.time
  monotonic = (): number => this.time
  sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted()
    this.time += ms
  }
}

/** A user's machine for one test: home, runtime and state folders of its own, nothing in the environment. */
export class FakeMachine implements Disposable {
  readonly clock = new FakeClock()
  readonly home: string
  readonly #folder = temporaryFolder()

  constructor() {
    this.home = this.#folder.path
    for (const name of ['run', 'work']) mkdirSync(join(this.home, name), {mode: 0o700})
  }

  /** A path in the home folder. */
  path(...names: string[]): string {
    return join(this.home, ...names)
  }

  /** Every file below the home folder, sorted, as relative paths. */
  files(): readonly string[] {
    const entries = readdirSync(this.home, {recursive: true, withFileTypes: true})
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.home.length + 1))
      .sort()
  }

  /** The world of a command: these folders, this clock, and AWS with these parameters. */
  wiring(store: ParameterStore, variables: Readonly<Record<string, string>> = {}): Wiring {
    const xdg = {XDG_RUNTIME_DIR: this.path('run'), PATH: process.env.PATH ?? ''}
    const {home, clock} = this
    const configuration = openConfiguration({variables: {...xdg, ...variables}, home, cwd: this.path('work')})
    return {
      configuration,
      openContext: (parts) => ({...openContext(parts), clock}),
      openClusterContext: (parts, cluster) => {
        return {...openClusterContext(parts, cluster), clock, aws: async () => fakeAws(store)}
      },
    }
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]()
  }
}
