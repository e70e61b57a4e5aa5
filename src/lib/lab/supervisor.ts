import {randomBytes} from 'node:crypto'
import {mkdir, rm} from 'node:fs/promises'
import {type Authority, createAuthority, type IssuedUser} from '../author/authority.ts'
import {formatCredentials} from '../domain/credentials-format.ts'
import {conventionalSettings, credentialParameters, defaultLogs, hostParameter} from '../domain/settings.ts'
import {writePrivateFile} from '../files.ts'
import {ADMIN, describeAuthority, SERVICES, SYSTEM_USER} from './accounts.ts'
import {type EndpointOptions, startEndpoint} from './aws/endpoint.ts'
import {AwsWorld} from './aws/world.ts'
import {startAxiom} from './axiom.ts'
import {renderAwsCredentials, renderClusterFile} from './cluster-files.ts'
import {startControl} from './control.ts'
import {type FaultName, isMeant} from './faults.ts'
import {FaultBoard} from './faults-board.ts'
import {LocalHost} from './local-host.ts'
import {type LabFiles, type LabPlan, natsUrls} from './plan.ts'
import type {AwsAccess, LabRecord} from './record.ts'
import {Terminations} from './terminations.ts'

/** A lab that serves: everything of it lives in this process and its children. */
export interface RunningLab {
  readonly record: LabRecord
  /** Makes the cluster known to natsops; the lab now outlives whoever brought it up. */
  register(): Promise<void>
  /** Leaves no process and no file. */
  destroy(): Promise<void>
}

export interface LabHooks {
  readonly say: (line: string) => void
  /** The control API was asked to take the lab down. */
  readonly onDown: () => void
}

/** An account number that AWS gives to nobody: it begins with zeros. */
const ACCOUNT = '000000000000'

/**
 * Makes a lab of its plan: authority, machines, AWS account, endpoint, control API. Resolves when all servers run (not
 * when they are healthy). When it rejects, what was begun has been taken down again.
 */
export async function startLab(plan: LabPlan, files: LabFiles, {say, onDown}: LabHooks): Promise<RunningLab> {
  const authority = await createAuthority(describeAuthority(plan.name))
  await mkdir(files.instances, {mode: 0o700})
  const faults = new FaultBoard({nodes: plan.nodes.map(({name}) => name)})
  const axiomToken = `xaat-${randomBytes(16).toString('hex')}`
  const axiom = await startAxiom(defaultLogs.axiomDataset, axiomToken)
  const releases = [plan.server]
  const host = new LocalHost({
    ...{plan, authority: authority.preload, instances: files.instances, faults, say},
    serverOf: (templateVersion) => releases[Number(templateVersion) - 1] ?? plan.server,
    ship: ({node, instanceId, at, line}) => {
      world.logs.put(diagnosticGroup(plan), `${node}-bootstrap-${instanceId}`, at, line)
      const event = {node, instance_id: instanceId, source: 'bootstrap', message: line}
      axiom.ingest({_time: new Date(at).toISOString(), ...event})
    },
  })
  const world = createWorld(plan, host, faults)
  world.logs.createGroup(diagnosticGroup(plan), Date.now())
  const terminations = new Terminations(plan.nodes, host)
  world.onTerminate((instanceId) => terminations.note(instanceId))
  seedParameters(world, plan, authority)
  const aws = createAccess()
  const opened: {close(): Promise<void>}[] = [axiom]
  const destroy = async () => {
    faults.close()
    await Promise.all([world.close(), host.destroy(), ...opened.map((one) => one.close())])
    await rm(files.folder, {recursive: true, force: true, maxRetries: 3})
  }
  try {
    const endpoint = await startEndpoint({world, credentials: aws, host: '127.0.0.1', port: 0, ...misbehaviour(faults)})
    opened.push(endpoint)
    const key = randomBytes(24).toString('base64url')
    const control = await startControl(key, {
      state: () => ({world: world.describe(), machines: host.states()}),
      act: (action, node) => host.act(action, node),
      faults: () => faults.list(),
      switchOn: (request) => {
        const fault = faults.switchOn(request)
        say(`fault on: ${JSON.stringify(request)}`)
        return fault
      },
      switchOff: ({name, node}) => {
        const ended = faults.switchOff(name, node)
        for (const fault of ended) say(`fault off: ${fault.name}`)
        return ended
      },
      release: (server) => {
        releases.push(server)
        return world.publishTemplates()
      },
      terminations: () => terminations.list(),
      down: onDown,
    })
    opened.push(control)
    await world.start()
    const {jwt, seed} = findUser(authority, ADMIN)
    const record = {
      endpoint: endpoint.url,
      control: {url: control.url, key},
      aws,
      admin: {jwt, seed},
      axiom: {url: axiom.url, token: axiomToken},
    }
    const write = (path: string, text: string) => writePrivateFile(path, text, {overwrite: true})
    await write(files.awsCredentials, renderAwsCredentials(plan, aws))
    await write(files.natsCredentials, formatCredentials(record.admin))
    await write(files.record, JSON.stringify(record))
    const register = async () => void (await write(files.cluster, renderClusterFile(plan, files, endpoint.url)))
    return {record, register, destroy}
  } catch (error) {
    await destroy()
    throw error
  }
}

/** One zone a node, in turn; one Auto Scaling group a node. */
function createWorld({region, nodes, bootDelayMs}: LabPlan, host: LocalHost, faults: FaultBoard): AwsWorld {
  const world = new AwsWorld({region, account: ACCOUNT, host, faults, timing: {bootDelayMs, launchRetryMs: 3000}})
  for (const [index, {name, asg, instanceName}] of nodes.entries()) {
    const zone = `${region}${'abc'[index % 3]}`
    world.createGroup({name: asg, node: name, instanceName, zone, instanceType: 'm8gd.medium'})
  }
  return world
}

/** Where the runbook's clusters have their bootstrap logs. */
function diagnosticGroup({name}: LabPlan): string {
  return `/aws/ec2/nats-cluster/${name}/diagnostic`
}

/** The faults of AWS itself. */
function misbehaviour(faults: FaultBoard): Pick<EndpointOptions, 'authorize' | 'losesAnswer' | 'now'> {
  const strikes = (name: FaultName, action: string) =>
    faults.strike(name, undefined, ({value}) => isMeant(value, action, Math.random())) !== undefined
  return {
    authorize: ({action}) => {
      if (strikes('throttled', action)) return 'throttled'
      if (strikes('token-expired', action)) return 'expired'
      const isDenied = action === 'ssm:SendCommand' && faults.strike('run-command-denied') !== undefined
      return isDenied || strikes('access-denied', action) ? 'denied' : undefined
    },
    losesAnswer: (action) => strikes('response-lost', action),
    now: () => Date.now() + (faults.standing('clock-skew')?.amount ?? 0),
  }
}

function seedParameters(world: AwsWorld, plan: LabPlan, authority: Authority): void {
  const settings = conventionalSettings(plan.name)
  const secure = {type: 'SecureString'} as const
  const putUser = (names: {readonly jwt: string; readonly seed: string}, user: IssuedUser) => {
    world.putParameter(names.jwt, user.jwt, secure)
    world.putParameter(names.seed, user.seed, secure)
  }
  putUser(credentialParameters(settings, {kind: 'admin'}), findUser(authority, ADMIN))
  putUser(credentialParameters(settings, {kind: 'system'}), findUser(authority, SYSTEM_USER))
  for (const service of SERVICES) {
    putUser(credentialParameters(settings, {kind: 'service', service}), findUser(authority, service))
    world.putParameter(hostParameter(settings, service), natsUrls(plan).join(','))
  }
}

function findUser({accounts}: Authority, name: string): IssuedUser {
  const user = accounts.flatMap(({users}) => users).find((one) => one.name === name)
  if (!user) throw new Error(`the lab's authority has no user ${name}`)
  return user
}

/** Of the form AWS gives, and new for every lab. */
function createAccess(): AwsAccess {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const letters = Array.from(randomBytes(16), (byte) => alphabet[byte % alphabet.length])
  return {accessKeyId: `AKIA${letters.join('')}`, secretAccessKey: randomBytes(30).toString('base64')}
}
