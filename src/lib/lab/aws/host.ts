/** What EC2 is told about an instance it powers on. */
export interface InstanceIdentity {
  /** `i-` and 17 hexadecimal digits; never used twice. */
  readonly id: string
  /** Name of the node the instance becomes, e.g. `nats-prod-node-1`: the same for every replacement. */
  readonly node: string
  /** Version of the launch template it is made from, e.g. `1`. */
  readonly templateVersion: string
  /** Not one of the first, which the lab began with. */
  readonly isReplacement: boolean
}

/** What a script has left behind; the exit status is the shell's. */
export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The machine behind an instance: what EC2 would power on and off. */
export interface InstanceHost {
  /**
   * Powers on a fresh instance: empty disk, server started with the node's name. Resolves once its process runs. When
   * it rejects, the launch has failed with that error's message, and `terminate` is called for what may be left of it.
   */
  launch(instance: InstanceIdentity): Promise<void>
  /**
   * Clean shutdown of the operating system: SIGTERM, bounded wait, then the disk is gone for good. Resolves for an
   * instance that is already off. Called once for every instance that `launch` was called for, never during `launch`.
   */
  terminate(instanceId: string): Promise<void>
  /**
   * Runs a script on the instance as its SSM agent would; absent: there is no agent. Rejects with the signal's reason
   * when it is aborted.
   */
  run?(instanceId: string, script: string, signal: AbortSignal): Promise<CommandResult>
}
