import {randomBytes} from 'node:crypto'
import type {GroupPlan, InstanceRecord} from './records.ts'

/** An instance with what only its group may know. */
export interface Machine extends InstanceRecord {
  readonly cancellation: AbortController
  readonly signal: AbortSignal
  readonly isReplacement: boolean
  booted: Promise<void>
  /** The host has been asked to launch it. */
  powered: boolean
  stopping: boolean
}

export interface MachineOptions {
  readonly launchedAt: number
  readonly templateVersion: number
  readonly isReplacement: boolean
  /** Asked whenever somebody wants to know. */
  readonly address: () => string
  readonly closing: AbortSignal
}

/** A pending instance that nothing has happened to yet. */
export function createMachine(plan: Required<GroupPlan>, options: MachineOptions): Machine {
  const {launchedAt, templateVersion, isReplacement, address, closing} = options
  const cancellation = new AbortController()
  return {
    id: `i-0${randomBytes(8).toString('hex')}`,
    node: plan.node,
    name: plan.instanceName,
    group: plan.name,
    zone: plan.zone,
    type: plan.instanceType,
    get address() {
      return address()
    },
    launchedAt,
    launchTemplateVersion: String(templateVersion),
    isReplacement,
    state: 'pending',
    checks: 'initializing',
    lifecycle: 'Pending',
    health: 'Healthy',
    protected: false,
    terminatedAt: undefined,
    cancellation,
    signal: AbortSignal.any([cancellation.signal, closing]),
    booted: Promise.resolve(),
    powered: false,
    stopping: false,
  }
}

export function isMember(instance: InstanceRecord): boolean {
  return instance.lifecycle !== undefined
}
