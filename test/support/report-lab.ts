import {execFile} from 'node:child_process'
import {promisify} from 'node:util'
import type {NatsConnection} from 'nats'
import type {ClusterContext} from '../../src/lib/context.ts'
import {credentialParameters} from '../../src/lib/domain/settings.ts'
import {fetchCredentials} from '../../src/lib/ops/credentials.ts'
import {environmentOfLab} from '../../src/lib/ops/lab.ts'
import {startLab, type TestLab, type TestLabOptions} from './lab.ts'
import {connectAs} from './lab-connections.ts'
import {type Outcome, type RunOptions, runCommand} from './run.ts'

export type Command = Parameters<typeof runCommand>[0]

/** Of no type unless a test says which: it says then which fields it looks at. */
type Json = ReturnType<typeof JSON.parse>

/** A lab that commands report on. */
export interface ReportLab extends TestLab {
  readonly ctx: ClusterContext
  /** A connection of the admin's, by the name `a publisher`. */
  readonly admin: NatsConnection
  /** Runs a command on the lab, in this process. */
  run(Command: Command, argv?: readonly string[], options?: RunOptions): Promise<Outcome>
  /** The document of a command; rejects unless it ends with 0 and says nothing beside it. */
  read<T = Json>(Command: Command, argv?: readonly string[]): Promise<T>
  /** The document that the nats CLI, this program, prints for the admin. */
  nats(program: string, ...argv: readonly string[]): Promise<Json>
  /** Lets a service use the credentials of the system account, which has no JetStream. */
  addServiceWithoutJetStream(service: string): Promise<void>
}

export async function startReportLab(options: TestLabOptions): Promise<ReportLab> {
  const lab = await startLab(options)
  const ctx = await lab.cluster()
  const admin = await connectAs(lab, {kind: 'admin'}, {name: 'a publisher'}).catch(async (error) => {
    await lab.stop()
    throw error
  })
  const run: ReportLab['run'] = (Command, argv = [], options = {}) =>
    runCommand(Command, ['--cluster', lab.name, ...argv], {configuration: lab.configuration}, options)
  return {
    ...lab,
    ctx,
    admin,
    run,
    async read(Command, argv = []) {
      const {stdout, stderr, exitCode} = await run(Command, [...argv, '--json'])
      if (exitCode !== 0 || stderr !== '') throw new Error(`exit status ${exitCode}: ${stderr}${stdout}`)
      return JSON.parse(stdout)
    },
    async nats(program, ...argv) {
      const {set} = await environmentOfLab(lab.context, lab.name)
      const {stdout} = await promisify(execFile)(program, argv, {env: {...set, HOME: lab.folder}})
      return JSON.parse(stdout)
    },
    async addServiceWithoutJetStream(service) {
      const {credentials} = await fetchCredentials(ctx, {kind: 'system'})
      const store = await (await ctx.aws()).parameters()
      const names = credentialParameters(ctx.settings, {kind: 'service', service})
      for (const part of ['jwt', 'seed'] as const) {
        await store.put(names[part], credentials[part], {secure: true, overwrite: true})
      }
    },
    async stop() {
      await admin.close()
      await lab.stop()
    },
  }
}
