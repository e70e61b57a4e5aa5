import {setTimeout as delay} from 'node:timers/promises'
import type {MachineState} from './local-host.ts'
import type {LabNode} from './plan.ts'
import {type JetStreamView, judgeTermination, type NodeView, type Violation} from './terminations-judge.ts'

/** An instance that was taken out of service, and what every node held at that moment. */
export interface Termination {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly instanceId: string
  /** Name of the instance's node. */
  readonly node: string
  /** Each server's own /jsz with accounts, streams, consumers and config; none where it did not answer. */
  readonly nodes: readonly NodeView[]
  /** What was at stake; empty: nothing could be lost. */
  readonly violations: readonly Violation[]
}

const QUESTION = '/jsz?accounts=true&streams=true&consumers=true&config=true'
const ANSWER_LIMIT_MS = 1000
/**
 * A replica that only waits for its leader's next message has it by then; one that lags has not. Some looks as well, for
 * on a machine that stands still time alone feeds nobody. In all less than whoever terminates waits for the answer.
 */
const CATCH_UP = {leastMs: 500, looks: 10, mostMs: 2000}
const KEPT = 200

/** The lab's own witness: asks the servers themselves, behind whatever is done to their ports. Hinders nothing. */
export class Terminations {
  readonly #nodes: readonly LabNode[]
  readonly #host: {states(): readonly MachineState[]}
  #list: readonly Termination[] = []

  constructor(nodes: readonly LabNode[], host: {states(): readonly MachineState[]}) {
    this.#nodes = nodes
    this.#host = host
  }

  /** Oldest first. */
  list(): readonly Termination[] {
    return this.#list
  }

  /** To be called before the instance goes, and awaited. Never rejects. */
  async note(instanceId: string): Promise<void> {
    const at = Date.now()
    const node = this.#host.states().find(({id}) => id === instanceId)?.node ?? 'unknown'
    const before = await this.#look()
    const began = performance.now()
    for (let looks = 1; ; looks += 1) {
      const nodes = await this.#look()
      const violations = judgeTermination(node, before, nodes)
      const passed = performance.now() - began
      const isPatient = passed < CATCH_UP.leastMs || (looks < CATCH_UP.looks && passed < CATCH_UP.mostMs)
      if (violations.length > 0 && isPatient) await delay(50)
      else {
        this.#list = [...this.#list, {at, instanceId, node, nodes, violations}].slice(-KEPT)
        return
      }
    }
  }

  #look(): Promise<readonly NodeView[]> {
    return Promise.all(
      this.#nodes.map(async ({name, host}) => {
        const machine = this.#host.states().findLast((one) => one.node === name)
        const port = machine?.pid === undefined ? undefined : machine.ports.monitor
        return {node: name, jetStream: port === undefined ? undefined : await ask(`http://${host}:${port}${QUESTION}`)}
      }),
    )
  }
}

async function ask(url: string): Promise<JetStreamView | undefined> {
  try {
    const response = await fetch(url, {signal: AbortSignal.timeout(ANSWER_LIMIT_MS)})
    return (await response.json()) as JetStreamView
  } catch {
    return undefined
  }
}
