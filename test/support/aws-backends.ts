import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
} from '@aws-sdk/client-auto-scaling'
import {DescribeImagesCommand, EC2Client} from '@aws-sdk/client-ec2'
import {type ClusterSettings, conventionalSettings} from '../../src/lib/domain/settings.ts'
import {startEndpoint} from '../../src/lib/lab/aws/endpoint.ts'
import {AwsWorld} from '../../src/lib/lab/aws/world.ts'
import {temporaryFolder} from './folder.ts'
import {findMoto, startMoto} from './moto.ts'

/** An AWS with the groups `<cluster>-node-1-asg` to `-3-asg`, one running instance each, and one group of nobody's. */
export interface Backend {
  readonly settings: ClusterSettings
  readonly account: string
  /** Settings that differ only in the keys. */
  settingsWithKeys(accessKeyId: string, secretAccessKey: string): ClusterSettings
  stop(): Promise<void>
}

export const cluster = 'nats-contract'
export const strangeGroup = 'somebody-elses-asg'
const region = 'us-east-2'
const accessKeyId = 'AKIACONTRACT'
const secretAccessKey = 'contractcontractcontractcontractcontract'
const groupNames = [1, 2, 3].map((n) => `${cluster}-node-${n}-asg`).concat(strangeGroup)

/** The lab's own endpoint, over instances that are nothing but records. */
export async function startLabBackend(): Promise<Backend> {
  const host = {launch: async () => {}, terminate: async () => {}}
  const account = '210987654321'
  const world = new AwsWorld({region, account, host, timing: {bootDelayMs: 100, statusCheckMs: 100}})
  for (const name of groupNames) {
    const node = name.replace(/-asg$/, '')
    world.createGroup({name, node, instanceName: node, zone: `${region}a`, minimum: 0, instanceType: 'm8gd.medium'})
  }
  await world.start()
  const endpoint = await startEndpoint({world, credentials: {accessKeyId, secretAccessKey}, host: '127.0.0.1', port: 0})
  return backendAt(endpoint.url, account, async () => {
    await endpoint.close()
    await world.close()
  })
}

/** moto, an independent AWS; undefined where it is not installed. */
export async function startMotoBackend(): Promise<Backend | undefined> {
  const binary = findMoto()
  if (binary === undefined) return undefined
  const moto = await startMoto(binary)
  try {
    await createGroups(moto.url)
  } catch (error) {
    await moto.stop()
    throw error
  }
  return backendAt(moto.url, '123456789012', () => moto.stop())
}

async function createGroups(endpoint: string): Promise<void> {
  const options = {region, endpoint, credentials: {accessKeyId, secretAccessKey}}
  const {Images = []} = await new EC2Client(options).send(new DescribeImagesCommand({}))
  const groups = new AutoScalingClient(options)
  const LaunchConfigurationName = 'contract'
  await groups.send(
    new CreateLaunchConfigurationCommand({
      LaunchConfigurationName,
      ImageId: Images[0]?.ImageId,
      InstanceType: 'm8gd.medium',
    }),
  )
  for (const AutoScalingGroupName of groupNames) {
    await groups.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName,
        LaunchConfigurationName,
        MinSize: 0,
        MaxSize: 2,
        DesiredCapacity: 1,
        AvailabilityZones: [`${region}a`],
        Tags: [{Key: 'Name', Value: AutoScalingGroupName.replace(/-asg$/, ''), PropagateAtLaunch: true}],
      }),
    )
  }
}

function backendAt(url: string, account: string, stop: () => Promise<void>): Backend {
  const folder = temporaryFolder()
  let files = 0
  const settingsWithKeys = (id: string, secret: string): ClusterSettings => {
    const credentialsFile = join(folder.path, `credentials-${++files}`)
    writeFileSync(credentialsFile, `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`)
    return {...conventionalSettings(cluster), region, endpoints: {all: url}, credentialsFile}
  }
  return {
    settings: settingsWithKeys(accessKeyId, secretAccessKey),
    account,
    settingsWithKeys,
    async stop() {
      await stop()
      folder[Symbol.dispose]()
    },
  }
}
