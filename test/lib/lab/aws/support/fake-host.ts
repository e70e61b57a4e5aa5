import type {InstanceHost, InstanceIdentity} from '../../../../../src/lib/lab/aws/host.ts'

/** Machines that are nothing but on or off, and a diary of what was done to them. */
export class FakeHost implements InstanceHost {
  readonly diary: string[] = []
  readonly on = new Map<string, string>()
  /** Awaited by the next launches; throws to fail them. */
  beforeLaunch: () => void | Promise<void> = () => {}
  beforeTerminate: () => void | Promise<void> = () => {}

  async launch({id, node}: InstanceIdentity): Promise<void> {
    this.diary.push(`launch ${node}`)
    await this.beforeLaunch()
    this.on.set(id, node)
  }

  async terminate(instanceId: string): Promise<void> {
    this.diary.push(`terminate ${this.on.get(instanceId) ?? 'what never ran'}`)
    await this.beforeTerminate()
    this.on.delete(instanceId)
  }
}
