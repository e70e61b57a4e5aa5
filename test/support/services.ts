import {makeUser, type TestUser, type TestUserOptions} from './credentials.ts'
import {FakeMachine, FakeParameterStore} from './fakes.ts'

export const BASE = '/nats-cluster/c/services'
export const HOSTS = 'c-node-1.c.internal,c-node-2.c.internal,nats://c-node-3.c.internal:4222'
const DAY = 86_400

/** A laptop, and services in SSM that a test adds one by one. */
export class ServiceScene implements Disposable {
  readonly machine = new FakeMachine()
  readonly store = new FakeParameterStore()

  get wiring() {
    return this.machine.wiring(this.store)
  }

  /** A whole service; `days` until its credentials expire. */
  async add(name: string, {days, ...options}: TestUserOptions & {readonly days?: number} = {}): Promise<TestUser> {
    const exp = days === undefined ? {} : {exp: Math.floor(this.machine.clock.time / 1000 + days * DAY)}
    const user = await makeUser({name, ...exp, ...options})
    this.set(name, {host: HOSTS, jwt: user.jwt, seed: user.seed})
    return user
  }

  set(name: string, {host, jwt, seed}: {readonly host?: string; readonly jwt?: string; readonly seed?: string}): void {
    if (host !== undefined) this.store.set(`${BASE}/${name}/nats_host`, host)
    if (jwt !== undefined) this.store.set(`${BASE}/${name}/nats_admin_jwt`, jwt)
    if (seed !== undefined) this.store.set(`${BASE}/${name}/nats_admin_nkey_seed`, seed)
  }

  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]()
  }
}

/** A name as nobody should give one: escape sequences, wide and right-to-left letters, 200 of them. */
export const HOSTILE = `\u001b[2J\u202eevil\u0007宽${'x'.repeat(200)}`
