import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Clock} from '../../src/lib/clients/ports.ts'
import {systemClock} from '../../src/lib/clock.ts'
import type {Wiring} from '../../src/lib/command.ts'
import {openConfiguration} from '../../src/lib/config.ts'
import {openClusterContext} from '../../src/lib/context.ts'
import {InterruptedError} from '../../src/lib/errors.ts'
import {type Authorize, startEndpoint} from '../../src/lib/lab/aws/endpoint.ts'
import type {CommandResult} from '../../src/lib/lab/aws/host.ts'
import {AwsWorld} from '../../src/lib/lab/aws/world.ts'
import {FaultBoard} from '../../src/lib/lab/faults-board.ts'
import {parseScript} from '../../src/lib/lab/machine-shell.ts'
import {openTerminal} from '../../src/lib/output/terminal.ts'
import {temporaryFolder} from './folder.ts'

export const region = 'us-east-2'
export const group = '/aws/ec2/nats-cluster/c/diagnostic'
const credentials = {accessKeyId: 'AKIAINSTANCES', secretAccessKey: 'instancesinstancesinstancesinstances1234'}

/** What an instance answers to the words of a command; rejects with the signal's reason when it is aborted. */
export type Agent = (
  words: readonly string[],
  instance: {readonly id: string; readonly node: string},
  signal: AbortSignal,
) => Partial<CommandResult> | Promise<Partial<CommandResult>>

/** Instances of the cluster `c` in the lab's AWS, over HTTP, with agents that do what a test says. */
export interface Instances extends AsyncDisposable {
  readonly world: AwsWorld
  readonly url: string
  readonly faults: FaultBoard
  /** Every command that an agent was given: the node and the words. */
  readonly asked: readonly (readonly [node: string, ...words: string[]])[]
  agent: Agent
  authorize: Authorize | undefined
  idOf(n: number): string
  /** For `runCommand`; `answer` is typed at the question, `columns` as there. */
  wiring(options?: WiringOptions): Wiring
  /** For natsops as a process of its own. */
  readonly environment: Readonly<Record<string, string>>
  /** As Ctrl-C does. */
  interrupt(): void
}

export interface WiringOptions {
  readonly answer?: string
  readonly variables?: Readonly<Record<string, string>>
}

export async function startInstances({
  nodes = 3,
  clock = systemClock,
}: {
  readonly nodes?: number
  /** Of AWS. */
  readonly clock?: Clock
} = {}): Promise<Instances> {
  const names = Array.from({length: nodes}, (_, index) => `c-node-${index + 1}`)
  const faults = new FaultBoard({nodes: names})
  const asked: [string, ...string[]][] = []
  const placed = new Map<string, string>()
  const host = {
    launch: async ({id, node}: {readonly id: string; readonly node: string}) => void placed.set(id, node),
    terminate: async () => {},
    run: async (id: string, script: string, signal: AbortSignal): Promise<CommandResult> => {
      const [command] = parseScript(script)
      const words = command?.words ?? []
      const node = placed.get(id) ?? ''
      asked.push([node, ...words])
      return {exitCode: 0, stdout: '', stderr: '', ...(await instances.agent(words, {id, node}, signal))}
    },
  }
  const timing = {bootDelayMs: 0, statusCheckMs: 0, commandDelayMs: 10}
  const world = new AwsWorld({region, account: '210987654321', host, clock, faults, timing})
  for (const node of names) world.createGroup({name: `${node}-asg`, node, instanceName: node, zone: `${region}a`})
  await world.start()
  world.logs.createGroup(group, Date.now())
  const endpoint = await startEndpoint({
    world,
    credentials,
    host: '127.0.0.1',
    port: 0,
    authorize: (call) => instances.authorize?.(call),
  })
  const folder = temporaryFolder()
  let interruption = new AbortController()
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: folder.path,
    XDG_RUNTIME_DIR: join(folder.path, 'run'),
    CLUSTER_NAME: 'c',
    AWS_REGION: region,
    AWS_ENDPOINT_URL: endpoint.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }
  const instances: Instances = {
    world,
    url: endpoint.url,
    faults,
    asked,
    agent: () => ({}),
    authorize: undefined,
    environment,
    idOf: (n) => {
      const instance = world.group(`c-node-${n}-asg`)?.members[0]
      if (!instance) throw new Error(`no instance of c-node-${n}`)
      return instance.id
    },
    wiring: ({answer, variables = {}} = {}) => {
      interruption = new AbortController()
      const {path: home} = folder
      const configuration = openConfiguration({
        variables: {...environment, ...variables},
        home,
        cwd: home,
        temporary: home,
      })
      return {
        configuration,
        ...(answer === undefined ? {} : {terminal: askedTerminal(answer)}),
        openClusterContext: (parts, cluster) => {
          const signal = AbortSignal.any([parts.signal, interruption.signal])
          return {...openClusterContext({...parts, signal}, withKeys(cluster)), clock: impatientClock}
        },
      }
    },
    interrupt: () => interruption.abort(new InterruptedError('SIGINT')),
    async [Symbol.asyncDispose]() {
      await endpoint.close()
      await world.close()
      faults.close()
      folder[Symbol.dispose]()
    },
  }
  /** The SDK would read the keys of this very process. */
  function withKeys(cluster: Parameters<typeof openClusterContext>[1]) {
    return {...cluster, settings: {...cluster.settings, credentialsFile}}
  }
  const credentialsFile = join(folder.path, 'credentials')
  writeFileSync(
    credentialsFile,
    `[default]\naws_access_key_id = ${credentials.accessKeyId}\naws_secret_access_key = ${credentials.secretAccessKey}\n`,
  )
  return instances
}

/** Nobody waits for the next look. */
const impatientClock: Clock = {...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 20), signal)}

function askedTerminal(answer: string) {
  return {...openTerminal({colour: false, quiet: false}), interactive: true, ask: async () => answer}
}
