/**
 * The few things natsops asks of AWS, NATS and the monitoring port, in our words. Every method of the AWS and NATS
 * ports rejects with an OpsError that names the call, the resource and what to do; the monitor never rejects.
 */
export type * from './ports-aws.ts'
export type * from './ports-nats.ts'

export interface Clock {
  /** Wall clock, milliseconds since the epoch: for show and for expiry. */
  now(): number
  /** Monotonic, milliseconds: for measuring and waiting. */
  monotonic(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
