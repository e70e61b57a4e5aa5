/** What the account remembers, in AWS's own words for every state. Times are milliseconds since the epoch. */

/** One machine, as EC2 and as its Auto Scaling group see it. */
export interface InstanceRecord {
  readonly id: string
  readonly node: string
  /** EC2 tag Name. */
  readonly name: string
  readonly group: string
  readonly zone: string
  readonly type: string
  readonly address: string
  readonly launchedAt: number
  readonly launchTemplateVersion: string
  state: 'pending' | 'running' | 'shutting-down' | 'terminated'
  checks: 'initializing' | 'ok'
  /** The group's word; undefined once the instance has left the group. */
  lifecycle: Lifecycle | undefined
  health: 'Healthy' | 'Unhealthy'
  protected: boolean
  terminatedAt: number | undefined
}

export type Lifecycle =
  | 'Pending'
  | 'Pending:Wait'
  | 'Pending:Proceed'
  | 'InService'
  | 'Terminating'
  | 'Terminating:Wait'
  | 'Terminating:Proceed'

export interface ActivityRecord {
  readonly id: string
  readonly group: string
  readonly description: string
  readonly cause: string
  readonly zone: string
  readonly startedAt: number
  endedAt: number | undefined
  status:
    | 'PreInService'
    | 'InProgress'
    | 'MidLifecycleAction'
    | 'WaitingForInstanceWarmup'
    | 'Successful'
    | 'Failed'
    | 'Cancelled'
  statusMessage: string | undefined
  progress: number
}

export interface HookRecord {
  readonly name: string
  readonly transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' | 'autoscaling:EC2_INSTANCE_TERMINATING'
  readonly heartbeatTimeoutSeconds: number
  readonly defaultResult: 'CONTINUE' | 'ABANDON'
}

export interface RefreshRecord {
  readonly id: string
  readonly startedAt: number
  endedAt: number | undefined
  status: 'Pending' | 'InProgress' | 'Successful' | 'Failed' | 'Cancelling' | 'Cancelled'
  statusReason: string | undefined
  percent: number
  /** Instances still to be replaced. */
  remaining: number
}

/** What one Auto Scaling group is made of: one node, capacity one. */
export interface GroupPlan {
  /** e.g. `nats-prod-node-1-asg` */
  readonly name: string
  /** Name the server gets, whichever instance it runs on. */
  readonly node: string
  /** EC2 tag Name of its instances. */
  readonly instanceName: string
  /** e.g. `us-east-2a` */
  readonly zone: string
  /** Smallest capacity, 1 unless told: at the minimum, AWS refuses to terminate without replacement. */
  readonly minimum?: number
  readonly instanceType?: string
  /** What EC2 gives as the private IP of every instance; 127.0.0.1 unless told. */
  readonly address?: string
}
