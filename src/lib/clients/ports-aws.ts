import type {AutoScalingGroup, Instance, InstanceRefresh, ScalingActivity} from '../domain/observation.ts'

/** One function a service: a command loads only the SDK client it calls. */
export interface Aws {
  parameters(): Promise<ParameterStore>
  autoScaling(): Promise<AutoScaling>
  ec2(): Promise<Ec2>
  identity(): Promise<Identity>
  runCommand(): Promise<RunCommand>
  sessions(): Promise<Sessions>
  logs(): Promise<Logs>
  /** The region the calls go to, whatever chain it came from. */
  region(): Promise<string>
  /**
   * When the credentials in use expire, milliseconds since the epoch. Undefined where they never do, and where there are
   * none: the calls themselves say why. Never rejects.
   */
  credentialsExpireAt(): Promise<number | undefined>
}

export interface Parameter {
  readonly name: string
  readonly value: string
  /** Counts from 1, +1 with every overwrite. */
  readonly version: number
  readonly secure: boolean
}

/** SSM Parameter Store. */
export interface ParameterStore {
  /** Decrypted, all in one call per ten names; names that do not exist are absent from the answer. */
  get(names: readonly string[]): Promise<ReadonlyMap<string, Parameter>>
  /** Everything below a path, recursively, sorted by name; values decrypted only on request. */
  list(path: string, options: {readonly decrypt: boolean}): Promise<readonly Parameter[]>
  /** Returns the version written. Without `overwrite` an existing parameter is refused with PARAMETER_EXISTS. */
  put(name: string, value: string, options: {readonly secure: boolean; readonly overwrite: boolean}): Promise<number>
  /** False when there was none. */
  delete(name: string): Promise<boolean>
}

export interface AutoScaling {
  /** The groups of these names that exist; all groups where no name is given. */
  groups(names?: readonly string[]): Promise<readonly AutoScalingGroup[]>
  /** Newest first. */
  activities(group: string, limit: number): Promise<readonly ScalingActivity[]>
  /** Newest first. */
  refreshes(group: string): Promise<readonly InstanceRefresh[]>
  /** Replaces the instance: desired capacity stays. Returns the activity that does it. */
  terminateInstance(instanceId: string): Promise<ScalingActivity>
  /** Starts the group's own instance refresh, which terminates before it launches; returns the refresh's id. */
  startRefresh(group: string, options: RefreshOptions): Promise<string>
}

export interface RefreshOptions {
  readonly warmupSeconds: number
  readonly minHealthyPercentage: number
  /** True leaves instances alone that match the launch template already. */
  readonly skipMatching: boolean
}

export interface Ec2 {
  /** With status checks; terminated instances are included while AWS remembers them. */
  instances(
    filter: {readonly ids: readonly string[]} | {readonly names: readonly string[]},
  ): Promise<readonly Instance[]>
}

export interface Identity {
  /** STS GetCallerIdentity. */
  caller(): Promise<Caller>
}

export interface Caller {
  readonly account: string
  readonly arn: string
  /** What AWS's clock said in the answer, to the second, milliseconds since the epoch. */
  readonly serverTime?: number | undefined
}

/** SSM Run Command: one command on one instance, as root, without a login. */
export interface RunCommand {
  /**
   * Runs the words as one command and waits for its end; `timeoutMs` limits both, and whatever ends the wait early
   * cancels the command. `now`: right only for the moment that was looked at just before, so sent once however that
   * fails. A command that ran and failed is a result. Rejects with INSTANCE_NOT_MANAGED or
   * RUN_COMMAND_UNDELIVERED where no agent took it, RUN_COMMAND_TIMEOUT, RUN_COMMAND_CANCELLED (by somebody else),
   * RUN_COMMAND_FAILED, an AWS error, or the signal's reason.
   */
  run(
    instanceId: string,
    argv: readonly string[],
    options: {readonly timeoutMs: number; readonly signal?: AbortSignal; readonly now?: boolean},
  ): Promise<CommandResult>
}

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** AWS keeps the first 24,000 characters of the one and 8,000 of the other: there was more. */
  readonly cut: boolean
}

/** SSM Session Manager, as far as it can be used without the plugin: that one does the talking. */
export interface Sessions {
  /** Rejects with INSTANCE_NOT_MANAGED where no agent is connected. */
  start(instanceId: string, forward: PortForward | undefined): Promise<StartedSession>
  /** Ends it on the instance; one that has ended already is no error. */
  terminate(sessionId: string): Promise<void>
}

/** From a port of this machine to one of the instance. */
export interface PortForward {
  readonly local: number
  readonly remote: number
}

/** What the Session Manager plugin is given. */
export interface StartedSession {
  readonly sessionId: string
  /** AWS's answer as JSON. Secret: whoever has it has the session. */
  readonly response: string
  /** Our request as JSON. */
  readonly request: string
  readonly region: string
  /** URL of the service, for the plugin's own calls. */
  readonly endpoint: string
}

/** CloudWatch Logs. */
export interface Logs {
  /**
   * Events with this text in their message, or all where none is given, `since` or later (milliseconds since the epoch),
   * oldest first.
   */
  find(
    group: string,
    query: {readonly streamPrefix: string; readonly text?: string; readonly since: number},
  ): Promise<readonly LogEvent[]>
  /** Starts a Logs Insights query over a time range (milliseconds since the epoch) and returns its id. */
  startQuery(
    group: string,
    query: {readonly text: string; readonly since: number; readonly until: number},
  ): Promise<string>
  /** How far a query is, with the rows it has so far. */
  query(id: string): Promise<QueryProgress>
  /** One that has ended already is no error. */
  stopQuery(id: string): Promise<void>
}

export interface QueryProgress {
  readonly state: 'running' | 'complete' | 'failed' | 'cancelled' | 'timeout'
  /** Each with its fields in the order of the query. Untrusted text. */
  readonly rows: readonly (readonly (readonly [field: string, value: string])[])[]
  readonly recordsMatched: number
  readonly recordsScanned: number
  readonly bytesScanned: number
}

/** Untrusted text. */
export interface LogEvent {
  /** Tells it from every other one. */
  readonly id: string
  readonly stream: string
  /** By the clock of the instance, milliseconds since the epoch. */
  readonly at: number
  readonly message: string
}

/** The log service that the nodes report to. */
export interface LogService {
  /** Whether it has an event of this node, by the event's own time. Rejects with an OpsError. */
  hasEvents(node: string, since: number): Promise<boolean>
  /**
   * Runs a query of the operator's over a time range, milliseconds since the epoch. Rejects as above, with
   * AXIOM_QUERY_INVALID (exit 2) in the service's own words, or the signal's reason.
   */
  query(
    text: string,
    range: {readonly since: number; readonly until: number},
    options: {readonly timeoutMs: number; readonly signal?: AbortSignal},
  ): Promise<LogTable>
}

/** Rows of cells in the order of the columns. Untrusted text. */
export interface LogTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}
