import {setTimeout as delay} from 'node:timers/promises'

export interface BootstrapOptions {
  readonly node: string
  readonly instanceId: string
  readonly serverVersion: string
  readonly parameterPath: string
  /** Resolves once the server's process runs. */
  readonly start: () => Promise<void>
  /** Whether the server answers by now. */
  readonly isServing: () => Promise<boolean>
  /** What it says instead of the last line, where that is broken. */
  readonly isSilent: boolean
  readonly write: (at: number, line: string) => void
  readonly signal: AbortSignal
}

/** What natsops and the runbook look for in the bootstrap log. */
const INGEST_CHECK = 'Axiom ingest check'

/**
 * What an instance does with itself when it boots, as its log tells it. The server's start is awaited and its failure is
 * the caller's; what comes after goes on by itself.
 */
export async function bootstrap(options: BootstrapOptions): Promise<{readonly finished: Promise<void>}> {
  const {node, instanceId, serverVersion, parameterPath, start, write} = options
  const say = (line: string) => write(Date.now(), `${new Date().toISOString()} nats-bootstrap: ${line}`)
  say(`instance ${instanceId} boots as ${node}`)
  say('mkfs.xfs /dev/nvme1n1: 55 GiB')
  say('mounted /dev/nvme1n1 at /var/lib/nats')
  say(`fetched the parameters below ${parameterPath} from SSM`)
  say('wrote /etc/nats/nats.conf')
  say('systemctl start nats')
  try {
    await start()
  } catch (error) {
    say('nats.service did not start')
    throw error
  }
  return {finished: watch(options, say, serverVersion).catch(() => {})}
}

async function watch(
  {isServing, isSilent, signal}: BootstrapOptions,
  say: (line: string) => void,
  version: string,
): Promise<void> {
  while (!(await isServing())) await delay(50, undefined, {signal})
  say(`nats.service is active: nats-server v${version}`)
  say('systemctl start nats-monitor fluent-bit')
  await delay(100, undefined, {signal})
  for (let attempt = 1; isSilent; attempt += 1) {
    say(`nothing has arrived at Axiom yet, attempt ${attempt}`)
    await delay(10_000, undefined, {signal})
  }
  say(`${INGEST_CHECK}: ok`)
  say('done')
}

/** Whether a server answers at its monitoring port. Rejects with the signal's reason. */
export async function isServing(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(1_000)])
  try {
    const response = await fetch(`http://${host}:${port}/varz`, {signal: limit})
    await response.body?.cancel()
    return response.ok
  } catch {
    signal.throwIfAborted()
    return false
  }
}
