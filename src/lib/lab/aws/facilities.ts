import type {Clock} from '../../clients/ports.ts'
import type {FaultBoard} from '../faults-board.ts'
import type {InstanceHost} from './host.ts'

/** What a group is given by the account it is in. */
export interface Facilities {
  readonly host: InstanceHost
  readonly clock: Clock
  readonly timing: Timing
  readonly faults: FaultBoard
  /** Aborted when the account closes: nothing is launched or waited for any more. */
  readonly signal: AbortSignal
  /** Called before an instance is taken out of service; a rejection keeps it in service. */
  readonly beforeTerminate: (instanceId: string) => Promise<void>
  /** Told of everything that goes on by itself, so that closing can wait for it; never given a promise that rejects. */
  readonly track: (work: Promise<void>) => void
}

/** Read anew at every use, so that whoever holds it may change it. */
export interface Timing {
  /** From Pending to the machine running. */
  readonly bootDelayMs: number
  /** From InService until EC2's status checks have passed. */
  readonly statusCheckMs: number
  /** From InService until the launch counts as successful. */
  readonly warmupMs: number
  /** From a failed launch to the next. */
  readonly launchRetryMs: number
  /** From the request of an instance refresh to its beginning. */
  readonly refreshDelayMs: number
  /** From SendCommand until its invocations are known, and until the agent begins with them. */
  readonly commandDelayMs: number
}
