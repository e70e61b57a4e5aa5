import {execFile} from 'node:child_process'
import {promisify} from 'node:util'
import type {PortForward, Sessions, StartedSession} from '../clients/ports.ts'
import type {ClusterContext} from '../context.ts'
import {installHints, isRecentPlugin, OLDEST_PLUGIN} from '../domain/session-plugin.ts'
import {Exit, OpsError} from '../errors.ts'
import {type ExecOutcome, endedBy, runInForeground, SignalCourier} from './foreground.ts'
import {findInstance, type PlacedNode} from './node-instances.ts'

const PLUGIN = 'session-manager-plugin'
/** What the plugin looks for where its first argument is this name. */
const HANDOVER = 'AWS_SSM_START_SESSION_RESPONSE'
const PLUGIN_LIMIT_MS = 10_000

/**
 * What can go wrong before a session is there: no such node, no instance, no plugin. Rejects like `findInstance`, or with
 * SESSION_PLUGIN_MISSING (exit 9) or SESSION_PLUGIN_TOO_OLD (3): AWS's answer is a key to the instance, and an older
 * plugin takes it as an argument only.
 */
export async function prepareSession(ctx: ClusterContext, given: string): Promise<PlacedNode> {
  const [placed] = await Promise.all([findInstance(ctx, given), requirePlugin(ctx)])
  return placed
}

/**
 * A session in natsops' place: the plugin has the terminal and the signals. What the plugin leaves behind when it cannot
 * be run, is killed or fails, is ended here. From the request to the plugin's start a signal ends it too.
 */
export async function openSession(
  ctx: ClusterContext,
  {instanceId}: PlacedNode,
  forward: PortForward | undefined,
): Promise<ExecOutcome> {
  const sessions = await (await ctx.aws()).sessions()
  const courier = new SignalCourier()
  try {
    const session = await sessions.start(instanceId, forward)
    let outcome: ExecOutcome | undefined
    try {
      outcome = courier.early ? endedBy(courier.early) : await runPlugin(ctx, session, courier)
      return outcome
    } finally {
      if (outcome?.status !== 0) await endSession(sessions, session)
    }
  } finally {
    courier.stop()
  }
}

async function runPlugin(
  {settings, configuration}: ClusterContext,
  {response, request, region, endpoint}: StartedSession,
  courier: SignalCourier,
): Promise<ExecOutcome> {
  const {profile, credentialsFile} = settings
  const env = configuration.childEnvironment({
    [HANDOVER]: response,
    // The plugin's own calls: keys in the environment would go before those of the file.
    ...(credentialsFile === undefined
      ? {}
      : {
          AWS_SHARED_CREDENTIALS_FILE: credentialsFile,
          AWS_ACCESS_KEY_ID: undefined,
          AWS_SECRET_ACCESS_KEY: undefined,
          AWS_SESSION_TOKEN: undefined,
          AWS_PROFILE: undefined,
        }),
  })
  return runInForeground(PLUGIN, [HANDOVER, region, 'StartSession', profile ?? '', request, endpoint], env, courier)
}

/** The session would stay open until its own limit; that it could not be ended must not hide how the plugin ended. */
async function endSession(sessions: Sessions, {sessionId}: StartedSession): Promise<void> {
  await sessions.terminate(sessionId).catch((error: unknown) => {
    if (!(error instanceof OpsError)) throw error
  })
}

async function requirePlugin({configuration}: ClusterContext): Promise<void> {
  const version = await readPluginVersion(configuration.childEnvironment({}))
  if (isRecentPlugin(version)) return
  const found = version.trim().split('\n', 1)[0]?.slice(0, 40) ?? ''
  throw new OpsError(`${PLUGIN} is ${found || 'of no known version'}, ${OLDEST_PLUGIN} or newer is needed`, {
    code: 'SESSION_PLUGIN_TOO_OLD',
    exit: Exit.refused,
    suggestions: installHints(process.platform, process.arch),
  })
}

async function readPluginVersion(env: Readonly<Record<string, string>>): Promise<string> {
  try {
    const {stdout} = await promisify(execFile)(PLUGIN, ['--version'], {env, timeout: PLUGIN_LIMIT_MS})
    return stdout
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EACCES') return ''
    throw new OpsError(`the Session Manager plugin is not installed: there is no ${PLUGIN} in the PATH`, {
      code: 'SESSION_PLUGIN_MISSING',
      exit: Exit.notFound,
      suggestions: installHints(process.platform, process.arch),
      cause: error,
    })
  }
}
