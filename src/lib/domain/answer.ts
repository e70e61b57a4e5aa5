/**
 * What came back from one question to one node. A problem is a result like any other: one silent node never hides
 * the others.
 */
export type Answer<T> =
  | {
      readonly ok: true
      readonly value: T
      readonly at: number
      /** Id of the server process that answered, where the endpoint says so: another one after every restart. */
      readonly serverId?: string
    }
  | {readonly ok: false; readonly problem: Problem; readonly at: number}

/** Why there is no usable answer; `at` above is the time of the attempt, milliseconds since the epoch. */
export interface Problem {
  readonly kind: ProblemKind
  /** In words, without the node's name: `connection refused by 10.0.1.7:8222`. Untrusted text. */
  readonly detail: string
}

export type ProblemKind =
  /** The host name does not resolve: most often the VPN. */
  | 'name-not-found'
  /** Nothing listens there: the server is down or still starting. */
  | 'refused'
  /** No route, or host down. */
  | 'unreachable'
  /** No complete answer within the time limit. */
  | 'timeout'
  /** The connection closed before the answer was complete. */
  | 'truncated'
  | 'tls'
  /** Answered with an HTTP status that this endpoint never has in health. */
  | 'http-status'
  /** Longer than the size limit. */
  | 'too-large'
  /**
   * Not JSON, or JSON of another shape: something else listens there, or the answer is broken. Also an answer that is
   * not this node's: it calls itself by another name, or was restarted while it was asked.
   */
  | 'malformed'
  /** The server's version has no such endpoint. */
  | 'unsupported'

export function answered<T>(value: T, at: number, serverId?: string): Answer<T> {
  return {ok: true, value, at, ...(serverId === undefined ? {} : {serverId})}
}

export function unanswered(kind: ProblemKind, detail: string, at: number): Answer<never> {
  return {ok: false, problem: {kind, detail}, at}
}

/** The value, or undefined where there was no answer. */
export function known<T>(answer: Answer<T> | undefined): T | undefined {
  return answer?.ok ? answer.value : undefined
}
