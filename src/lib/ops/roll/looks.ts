import type {RollView} from '../../domain/roll/view.ts'
import type {Look} from './ports.ts'

/** Two looks as one view. */
export function toView(earlier: Look, later: Look, now: number): RollView {
  return {
    earlier: earlier.observation,
    later: later.observation,
    aws: later.aws,
    canary: later.canary,
    addresses: later.addresses,
    credentialsExpireAt: later.credentialsExpireAt,
    now,
  }
}
