import {readFileSync} from 'node:fs'

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

/** Value of the lab's fault `access-denied` that allows these actions and nothing else. */
export function nothingBut(actions: readonly string[]): string {
  return `* except ${actions.filter((action) => !action.startsWith('kms:')).join(' ')}`
}
