import type {ErrorDescription} from '../errors.ts'

/** What `lab up` and the supervisor it has started say to each other, over the channel of a Node child process. */
export type SupervisorMessage =
  | {readonly type: 'started'}
  | {readonly type: 'committed'}
  | {readonly type: 'failed'; readonly error: ErrorDescription}

/** The lab is complete: from now on it no longer depends on this channel. */
export interface CommitMessage {
  readonly type: 'commit'
}
