import type {Asset} from '../assets.ts'
import type {AwsNodeObservation, ClusterObservation} from '../observation.ts'
import type {ReplicaVerdict} from '../replication.ts'
import type {ClusterSettings} from '../settings.ts'

/** Everything that health is judged from: two looks at the nodes, what they add up to, and AWS's word. */
export interface HealthInput {
  readonly settings: ClusterSettings
  readonly earlier: ClusterObservation
  readonly later: ClusterObservation
  /** Of the later look. */
  readonly assets: readonly Asset[]
  /** Of both looks: one verdict for each member of each asset. */
  readonly replication: readonly ReplicaVerdict[]
  /** Undefined where AWS was not asked or did not answer; `awsProblem` says why. */
  readonly aws: readonly AwsNodeObservation[] | undefined
  readonly awsProblem: AwsProblem | undefined
  /** Where the list of nodes and AWS's groups disagree, in words; untrusted text. */
  readonly nodesWarning: string | undefined
  readonly now: number
}

/** Why there is no word from AWS. */
export interface AwsProblem {
  /** `skipped`: by --no-aws. `no-credentials`: none on this machine. `failed`: refused, expired or out of reach. */
  readonly kind: 'skipped' | 'no-credentials' | 'failed'
  readonly message: string
  readonly suggestions: readonly string[]
}
