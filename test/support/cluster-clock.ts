import type {Clock} from '../../src/lib/clients/ports.ts'
import type {FakeCluster} from './fake-cluster.ts'

/** The virtual time of a fake cluster: sleeping moves the cluster on. */
export class ClusterClock implements Clock {
  readonly cluster: FakeCluster
  /** Wall-clock jumps, milliseconds. */
  skew = 0
  #monotonic = 0

  constructor(cluster: FakeCluster) {
    this.cluster = cluster
  }

  now = (): number => this.cluster.now + this.skew
  monotonic = (): number => this.#monotonic

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.pass(ms)
    await Promise.resolve()
    signal?.throwIfAborted()
  }

  pass(ms: number): void {
    this.#monotonic += ms
    this.cluster.advance(ms)
  }
}
