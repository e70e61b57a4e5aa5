import {readFileSync} from 'node:fs'
import type {AwsCall} from './aws-calls.ts'

export interface Statement {
  readonly Sid: string
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
}

export interface Policy {
  readonly Version: string
  readonly Statement: readonly Statement[]
}

/** The policies of docs/iam.md by the heading they stand under. */
export function readPolicies(): ReadonlyMap<string, Policy> {
  const text = readFileSync(new URL('../../docs/iam.md', import.meta.url), 'utf8')
  const sections = text.split(/^### /m).slice(1)
  return new Map(
    sections.map((section) => {
      const [name = ''] = section.split('\n', 1)
      const [, json = ''] = /```json\n(.*?)```/s.exec(section) ?? []
      return [name, JSON.parse(json) as Policy]
    }),
  )
}

/** Every action that the policy of a group allows, sorted. */
export function allowedActions(group: string): readonly string[] {
  const policy = readPolicies().get(group)
  if (!policy) throw new Error(`docs/iam.md has no policy ${group}`)
  return [...new Set(policy.Statement.flatMap(({Action}) => Action))].sort()
}

/** Whether one of these policies lets a call pass; the cluster of the page's examples is the one that is given. */
export function isAllowed({action, resources}: AwsCall, groups: readonly string[], cluster: string): boolean {
  const statements = groups.flatMap((group) => readPolicies().get(group)?.Statement ?? [])
  const patterns = statements.filter(({Action}) => [Action].flat().includes(action)).flatMap(({Resource}) => Resource)
  const isMeant = (resource: string) =>
    patterns.some((pattern) => {
      const own = pattern.split(':').slice(5).join(':').replaceAll('nats-prod', cluster)
      return pattern === '*' || matchesGlob(resource, own)
    })
  return patterns.length > 0 && resources.every(isMeant)
}

/** IAM's `*` stands for any text, slashes too. */
function matchesGlob(text: string, pattern: string): boolean {
  const expression = pattern.replace(/[\\^$.+?()[\]{}|]/g, '\\$&').replaceAll('*', '.*')
  return new RegExp(`^${expression}$`, 's').test(text)
}

/** Value of the lab's fault `access-denied` that allows these actions and nothing else. */
export function nothingBut(actions: readonly string[]): string {
  return `* except ${actions.filter((action) => !action.startsWith('kms:')).join(' ')}`
}
