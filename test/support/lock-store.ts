import type {Parameter, ParameterStore} from '../../src/lib/clients/ports.ts'
import type {LockDocument} from '../../src/lib/domain/roll/lock.ts'
import {Exit, OpsError} from '../../src/lib/errors.ts'

export const LOCK = '/nats-cluster/c/natsops/lock'
/** As the settings of cluster c have it. */
export const PLACE = {name: 'c', ssmPrefix: '/nats-cluster/c'}

/** A lock as it was written, believed without a look. */
export function lockIn(text: string): LockDocument {
  return JSON.parse(text) as LockDocument
}

/** SSM's parameter store as far as a lock needs it: versions included. */
export class LockStore implements ParameterStore {
  readonly parameters = new Map<string, Parameter>()
  answers = true

  async get(names: readonly string[]): Promise<ReadonlyMap<string, Parameter>> {
    this.#assertAnswers()
    return new Map(
      names.flatMap((name) => (this.parameters.has(name) ? [[name, this.parameters.get(name)!] as const] : [])),
    )
  }

  async list(path: string): Promise<readonly Parameter[]> {
    this.#assertAnswers()
    return [...this.parameters.values()].filter(({name}) => name.startsWith(`${path}/`))
  }

  async put(
    name: string,
    value: string,
    {secure, overwrite}: {readonly secure: boolean; readonly overwrite: boolean},
  ): Promise<number> {
    this.#assertAnswers()
    const before = this.parameters.get(name)
    if (before && !overwrite) throw new OpsError(`${name} exists`, {code: 'PARAMETER_EXISTS', exit: Exit.refused})
    const version = (before?.version ?? 0) + 1
    this.parameters.set(name, {name, value, secure, version})
    return version
  }

  async delete(name: string): Promise<boolean> {
    this.#assertAnswers()
    return this.parameters.delete(name)
  }

  #assertAnswers(): void {
    if (!this.answers)
      throw new OpsError('the AWS credentials expired', {
        code: 'CREDENTIALS_EXPIRED',
        exit: Exit.auth,
        suggestions: ['aws sso login'],
      })
  }
}
