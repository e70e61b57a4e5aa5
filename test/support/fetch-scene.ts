import assert from 'node:assert/strict'
import CredsFetch from '../../src/commands/creds/fetch.ts'
import {makeUser, secretsOf, type TestUser} from './credentials.ts'
import {FakeMachine, FakeParameterStore} from './fakes.ts'
import {type Outcome, runCommand} from './run.ts'

export const prefix = '/nats-cluster/nats-prod'
export const adminNames = [`${prefix}/admin/nats_admin_jwt`, `${prefix}/admin/nats_admin_nkey_seed`] as const

interface Users {
  readonly admin: TestUser
  readonly facebox: TestUser
}

/** A machine, and the parameters of nats-prod: an administrator and the service facebox, for `natsops creds fetch`. */
export class FetchScene implements Disposable {
  readonly admin: TestUser
  readonly facebox: TestUser
  readonly machine = new FakeMachine()
  readonly store: FakeParameterStore

  private constructor({admin, facebox}: Users) {
    const base = `${prefix}/services/facebox`
    this.admin = admin
    this.facebox = facebox
    this.store = new FakeParameterStore({
      [adminNames[0]]: admin.jwt,
      [adminNames[1]]: admin.seed,
      [`${base}/nats_admin_jwt`]: facebox.jwt,
      [`${base}/nats_admin_nkey_seed`]: facebox.seed,
      [`${base}/nats_host`]: 'nats://n1:4222,nats://n2:4222',
    })
  }

  static async open(): Promise<FetchScene> {
    return new FetchScene({admin: await makeUser(), facebox: await makeUser({name: 'facebox'})})
  }

  /** Runs the command and looks for secrets in everything that came out. */
  async run(argv: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const wiring = this.machine.wiring(this.store, variables)
    const outcome = await runCommand(CredsFetch, ['--cluster', 'nats-prod', ...argv], wiring)
    for (const secret of secretsOf(this.admin, this.facebox)) {
      assert.ok(!outcome.stdout.includes(secret) && !outcome.stderr.includes(secret), 'a secret was printed')
    }
    return outcome
  }

  /** The refusal as text, as JSON and with --debug: the same error, and no file anywhere. */
  async assertRefused(argv: readonly string[], code: string, exit: number, message: RegExp): Promise<void> {
    const before = this.machine.files()
    const text = await this.run(argv)
    assert.match(text.stderr, message)
    assert.equal(text.stdout, '')
    assert.equal(text.exitCode, exit)
    const json = await this.run([...argv, '--json'])
    const {error} = JSON.parse(json.stdout)
    assert.match(error.message, message)
    assert.deepEqual({code: error.code, exit: error.exit, status: json.exitCode}, {code, exit, status: exit})
    assert.equal(json.stderr, '')
    assert.equal((await this.run([...argv, '--debug'])).exitCode, exit)
    assert.deepEqual(this.machine.files(), before)
  }

  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]()
  }
}
