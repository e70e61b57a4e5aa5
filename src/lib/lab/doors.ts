import type {FaultBoard} from './faults-board.ts'
import {type Conduct, Forwarder} from './forwarder.ts'
import type {InstancePorts} from './machine-config.ts'
import type {LabNode} from './plan.ts'

/** The public ports of all nodes, and what the faults of the network do to them. */
export class Doors {
  readonly #doors: ReadonlyMap<string, {readonly client: Forwarder; readonly monitor: Forwarder}>
  readonly #stopListening: () => void

  constructor(nodes: readonly LabNode[], faults: FaultBoard) {
    this.#doors = new Map(
      nodes.map(({name, host, clientPort, monitorPort}) => {
        const client = new Forwarder({host, port: clientPort, conduct: () => clientConduct(faults, name)})
        const monitor = new Forwarder({host, port: monitorPort, conduct: () => monitorConduct(faults, name)})
        return [name, {client, monitor}]
      }),
    )
    this.#stopListening = faults.onChange(() => {
      for (const {client, monitor} of this.#doors.values()) {
        client.reconsider()
        monitor.reconsider()
      }
    })
  }

  /** The node's ports lead to this instance from now on. Rejects where one of them is taken. */
  async open(node: string, ports: InstancePorts): Promise<void> {
    const door = this.#doors.get(node)
    await Promise.all([door?.client.open(ports.client), door?.monitor.open(ports.monitor)])
  }

  /** Connections to the node are refused: no server runs. */
  async shut(node: string): Promise<void> {
    const door = this.#doors.get(node)
    await Promise.all([door?.client.close(), door?.monitor.close()])
  }

  async close(): Promise<void> {
    this.#stopListening()
    await Promise.all([...this.#doors.keys()].map((node) => this.shut(node)))
  }
}

function clientConduct(faults: FaultBoard, node: string): Conduct {
  return {frozen: faults.standing('unreachable', node) !== undefined}
}

function monitorConduct(faults: FaultBoard, node: string): Conduct {
  const isGone = faults.standing('unreachable', node) ?? faults.standing('monitor-silent', node)
  return {
    frozen: isGone !== undefined,
    delayMs: faults.standing('monitor-slow', node)?.amount ?? 0,
    answerBytes: faults.standing('monitor-truncated', node)?.amount,
  }
}
