import type {ServiceFailure} from './failure.ts'
import type {Complaints, Input} from './input.ts'
import type {SignatureProblem} from './signature.ts'
import type {AwsWorld} from './world.ts'
import type {XmlContent} from './xml.ts'

/** One AWS service: what it is called in a credential scope, how it speaks, what it can do. */
export interface Service {
  readonly name: string
  readonly protocol: Protocol
  readonly complaints: Complaints
  readonly operations: Readonly<Record<string, Operation>>
  /** The service's own code, status and words for a call it does not even look at. */
  refuse(refusal: Refusal, message: string): ServiceFailure
}

/** Undefined for an operation that answers nothing at all. */
export type Operation = (call: Call) => Answer | undefined | Promise<Answer | undefined>

export interface Call {
  readonly world: AwsWorld
  readonly input: Input
  readonly caller: Caller
}

export interface Caller {
  readonly arn: string
  readonly userId: string
}

/** Times stand in it as the protocol wants them. */
export type Answer = {readonly [name: string]: XmlContent}

/** Why a call is turned away before the service looks at it. */
export type Refusal = SignatureProblem | 'denied' | 'expired' | 'throttled'

/** How requests and answers of one kind of service look on the wire. */
export interface Protocol {
  readonly contentType: string
  /** Undefined when the request names no action of this protocol. */
  readCall(
    request: WireRequest,
  ): {readonly action: string; readonly values: Readonly<Record<string, unknown>>} | undefined
  renderAnswer(action: string, answer: Answer | undefined, requestId: string): string
  renderFailure(failure: ServiceFailure, requestId: string): string
  unknownAction(action: string | undefined): ServiceFailure
}

export interface WireRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly query: string
  readonly body: string
}
