import {conventionalSettings} from '../domain/settings.ts'
import {quoteForShell} from '../domain/shell.ts'
import type {LabFiles, LabPlan} from './plan.ts'
import {natsUrls} from './plan.ts'
import type {LabRecord} from './record.ts'

export const shells = ['sh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** What the aws and nats tools have to be told to work with a lab. Contains its throw-away secrets. */
export interface LabEnvironment {
  readonly lab: string
  readonly set: Readonly<Record<string, string>>
  /** Variables of the operator's that would win over these. */
  readonly unset: readonly string[]
}

export function describeEnvironment(plan: LabPlan, {endpoint, aws, axiom}: LabRecord, files: LabFiles): LabEnvironment {
  return {
    lab: plan.name,
    set: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: aws.accessKeyId,
      AWS_SECRET_ACCESS_KEY: aws.secretAccessKey,
      AWS_REGION: plan.region,
      AWS_DEFAULT_REGION: plan.region,
      CLUSTER_NAME: plan.name,
      SSM_PREFIX: conventionalSettings(plan.name).ssmPrefix,
      NATS_URL: natsUrls(plan).join(','),
      NATS_CREDS: files.natsCredentials,
      ...(axiom && {AXIOM_URL: axiom.url, AXIOM_TOKEN: axiom.token}),
    },
    unset: ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'NATS_CONTEXT'],
  }
}

/** Lines that a shell can evaluate. */
export function renderEnvironment({set, unset}: LabEnvironment, shell: Shell): string {
  const lines = Object.entries(set).map(([name, value]) =>
    shell === 'fish' ? `set -gx ${name} ${quoteForFish(value)}` : `export ${name}=${quoteForShell([value])}`,
  )
  const removals = unset.map((name) => (shell === 'fish' ? `set -e ${name}` : `unset ${name}`))
  return [...lines, ...removals].join('\n')
}

/** In fish only the quote and the backslash mean something between single quotes. */
function quoteForFish(value: string): string {
  return `'${value.replace(/['\\]/g, '\\$&')}'`
}
