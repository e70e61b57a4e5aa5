import type {LabFiles, LabPlan} from './plan.ts'
import type {AwsAccess} from './record.ts'

/** Profile of a lab in its own shared credentials file; no file of the user's is touched. */
function labProfile(name: string): string {
  return `natsops-lab-${name}`
}

/** AWS shared credentials, as every AWS tool reads them. */
export function renderAwsCredentials({name, region}: Pick<LabPlan, 'name' | 'region'>, access: AwsAccess): string {
  return [
    `[${labProfile(name)}]`,
    `aws_access_key_id = ${access.accessKeyId}`,
    `aws_secret_access_key = ${access.secretAccessKey}`,
    `region = ${region}`,
    '',
  ].join('\n')
}

/** The cluster's settings in the form of a configuration file's entry for one cluster. */
export function renderClusterFile({name, region, nodes}: LabPlan, files: LabFiles, endpoint: string): string {
  const cluster = {
    region,
    endpoints: {all: endpoint},
    profile: labProfile(name),
    credentialsFile: files.awsCredentials,
    nodes: nodes.map(({name, host, clientPort, monitorPort, asg, instanceName}) => {
      return {name, host, clientPort, monitorPort, asg, instanceName}
    }),
  }
  return `${JSON.stringify(cluster, undefined, 2)}\n`
}
