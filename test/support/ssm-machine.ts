import {type ChildProcess, type SpawnOptions, spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {startEndpoint} from '../../src/lib/lab/aws/endpoint.ts'
import {AwsWorld} from '../../src/lib/lab/aws/world.ts'
import {FakeMachine} from './fakes.ts'

export interface SsmMachine extends AsyncDisposable {
  /** The home folder, with runtime and state folders in it. */
  readonly machine: FakeMachine
  readonly environment: Readonly<Record<string, string>>
  /** Starts natsops as a process of its own. */
  start(argv: readonly string[], options?: SpawnOptions): ChildProcess
  /** Runs natsops to its end. */
  run(
    argv: readonly string[],
  ): Promise<{readonly stdout: string; readonly stderr: string; readonly status: number | null}>
}

/** A machine for natsops as real processes, before a real SSM endpoint of the lab's that has these parameters. */
export async function startSsmMachine(parameters: Readonly<Record<string, string>>): Promise<SsmMachine> {
  const region = 'us-east-2'
  const credentials = {accessKeyId: 'AKIATEST', secretAccessKey: 'testtesttesttesttesttesttesttesttesttest'}
  const host = {launch: async () => {}, terminate: async () => {}}
  const timing = {bootDelayMs: 10, statusCheckMs: 10}
  const world = new AwsWorld({region, account: '210987654321', host, timing})
  await world.start()
  const endpoint = await startEndpoint({world, credentials, host: '127.0.0.1', port: 0})
  const machine = new FakeMachine()
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: machine.home,
    XDG_RUNTIME_DIR: machine.path('run'),
    AWS_REGION: region,
    AWS_ENDPOINT_URL: endpoint.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }
  for (const [name, value] of Object.entries(parameters)) world.putParameter(name, value, {type: 'SecureString'})
  const start = (argv: readonly string[], options: SpawnOptions = {}): ChildProcess => {
    const program = join(import.meta.dirname, 'natsops.ts')
    return spawn(process.execPath, [program, ...argv], {env: environment, cwd: machine.path('work'), ...options})
  }
  return {
    machine,
    environment,
    start,
    async run(argv) {
      const child = start(argv, {stdio: ['ignore', 'pipe', 'pipe']})
      const text = {stdout: '', stderr: ''}
      child.stdout?.on('data', (chunk) => {
        text.stdout += chunk
      })
      child.stderr?.on('data', (chunk) => {
        text.stderr += chunk
      })
      const [status] = await once(child, 'close')
      return {...text, status}
    },
    async [Symbol.asyncDispose]() {
      await endpoint.close()
      await world.close()
      machine[Symbol.dispose]()
    },
  }
}
