import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Wiring} from '../../src/lib/command.ts'
import {FakeMachine, FakeParameterStore, fakeAws} from './fakes.ts'

export const ACCOUNT = '123456789012'
export const ARN = `arn:aws:iam::${ACCOUNT}:user/operator`

/** The account of a person who describes a cluster `c`: parameters, files, and what somebody types. */
export class AuthScene implements Disposable {
  readonly machine = new FakeMachine()
  readonly store = new FakeParameterStore()
  /** Aborting it is a Ctrl-C. */
  readonly interruption = new AbortController()
  readonly file: string
  readonly folder: string

  constructor(
    auth = '{mode: operator, services: [{name: orders, permissions: {publish: [orders.>], respond: true}}]}',
  ) {
    this.folder = this.machine.path('work')
    this.file = join(this.folder, 'cluster.yaml')
    this.describe(auth)
  }

  describe(auth: string, rest = ''): void {
    writeFileSync(this.file, `name: c\nauth: ${auth}\n${rest}`)
  }

  path(...names: readonly string[]): string {
    return join(this.folder, 'auth', ...names)
  }

  get wiring(): Wiring {
    const wiring = this.machine.wiring(this.store)
    const identity = async () => ({caller: async () => ({account: ACCOUNT, arn: ARN})})
    const {openClusterContext} = wiring
    if (!openClusterContext) throw new Error('a machine has clusters')
    return {
      ...wiring,
      openClusterContext: (parts, cluster) => ({
        ...openClusterContext({...parts, signal: this.interruption.signal}, cluster),
        aws: async () => ({...fakeAws(this.store), identity}),
      }),
    }
  }

  /** Names of the parameters that were written, in their order. */
  get written(): readonly string[] {
    return this.store.calls.flatMap((call) => (call.startsWith('put ') ? [call.slice(4)] : []))
  }

  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]()
  }
}
