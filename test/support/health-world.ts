import type {Aws, Monitor} from '../../src/lib/clients/ports.ts'
import type {Wiring} from '../../src/lib/command.ts'
import {openClusterContext} from '../../src/lib/context.ts'
import type {AwsNodeObservation, ClusterObservation, NodeObservation} from '../../src/lib/domain/observation.ts'
import type {NodeTarget} from '../../src/lib/domain/settings.ts'
import type {OpsError} from '../../src/lib/errors.ts'
import type {Bend} from './bends.ts'
import {FakeClock} from './fakes.ts'
import {healthyAws, healthyObservation, NOW, testSettings} from './observations.ts'
import {emptyConfiguration} from './run.ts'

/** A cluster whose nodes answer what an observation says, with a clock, AWS and a signal, for `natsops health`. */
export class HealthWorld {
  readonly settings = testSettings()
  readonly clock = new FakeClock(NOW - 1000)
  readonly interruption = new AbortController()
  /** Bends the look taken at a time. */
  bend: Bend = (observation) => observation
  aws: readonly AwsNodeObservation[] = healthyAws(this.settings)
  /** Thrown by every call to AWS while set. */
  awsRefusal: OpsError | undefined
  awsCalls = 0
  /** Who has answered, in order. */
  readonly answered: ('node' | 'aws')[] = []
  /** While set, this node's answers never come. */
  stuck: string | undefined
  closed = 0

  look(): ClusterObservation {
    return this.bend(healthyObservation(this.settings, this.clock.now()))
  }

  wiring(): Wiring {
    const {settings, clock} = this
    return {
      configuration: {...emptyConfiguration(), cluster: async () => ({settings, sources: new Map()})},
      openClusterContext: (parts, cluster) => ({
        ...openClusterContext(parts, cluster),
        clock,
        signal: AbortSignal.any([parts.signal, this.interruption.signal]),
        monitor: async () => this.#monitor(),
        aws: async () => this.#aws(),
        close: async () => {
          this.closed += 1
        },
      }),
    }
  }

  #monitor(): Monitor {
    const ask =
      <K extends 'server' | 'health' | 'jetStream' | 'routes' | 'raft'>(key: K) =>
      async (target: NodeTarget): Promise<NodeObservation[K]> => {
        if (target.name === this.stuck) await new Promise(() => {})
        // A node is further away than the next promise.
        await new Promise(setImmediate)
        this.answered.push('node')
        const node = this.look().nodes.find((each) => each.target.name === target.name)
        if (!node) throw new Error(`no node ${target.name}`)
        return node[key]
      }
    return {
      server: ask('server'),
      health: ask('health'),
      jetStream: ask('jetStream'),
      routes: ask('routes'),
      raft: ask('raft'),
      certificateExpiry: async () => undefined,
      close: async () => {},
    }
  }

  #aws(): Aws {
    const answer = async <T>(value: T): Promise<T> => {
      this.awsCalls += 1
      this.answered.push('aws')
      if (this.awsRefusal) throw this.awsRefusal
      return value
    }
    const absent = async (): Promise<never> => {
      throw new Error('health does not ask this')
    }
    return {
      region: async () => 'us-east-2',
      parameters: absent,
      identity: absent,
      runCommand: absent,
      sessions: absent,
      logs: absent,
      credentialsExpireAt: absent,
      autoScaling: async () => ({
        groups: () => answer(this.aws.flatMap(({group}) => (group ? [group] : []))),
        activities: (name) => answer(this.aws.find(({group}) => group?.name === name)?.activities ?? []),
        refreshes: (name) => answer(this.aws.find(({group}) => group?.name === name)?.refreshes ?? []),
        terminateInstance: absent,
        startRefresh: absent,
      }),
      ec2: async () => ({instances: () => answer(this.aws.flatMap(({instances}) => instances))}),
    }
  }
}
