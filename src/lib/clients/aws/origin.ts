import {quoteForShell} from '../../domain/shell.ts'

/** Who asked, and where. */
export interface AwsOrigin {
  readonly region: string
  /** Profile the credentials came from, or would have come from. */
  readonly profile: string
  /** Set when settings name a shared credentials file of their own. */
  readonly credentialsFile: string | undefined
  /** `environment`: keys in variables; `profile`: everything that starts in a profile; `other`: container, instance. */
  readonly source: 'environment' | 'profile' | 'other' | 'none'
  /** host or host:port the request went to; undefined when none was sent. */
  readonly host: string | undefined
  /** Limit of one request, milliseconds. */
  readonly timeoutMs: number
}

/** Whose credentials they are, in words. */
export function identityOf({source, profile, credentialsFile}: AwsOrigin): string {
  if (credentialsFile !== undefined) return `profile ${profile} of ${credentialsFile}`
  if (source === 'environment') return 'this environment (AWS_ACCESS_KEY_ID)'
  return source === 'profile' ? `profile ${profile}` : 'this machine'
}

/** What gives that identity credentials that work. */
export function waysToLogIn({source, profile, credentialsFile}: AwsOrigin): readonly string[] {
  if (credentialsFile !== undefined) return [`put current keys into profile ${profile} of ${credentialsFile}`]
  switch (source) {
    case 'environment':
      return [
        'export current AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or unset them and use --profile',
      ]
    case 'profile':
      return [['sso', 'login'], ['configure']].map((words) => quoteForShell(['aws', ...words, '--profile', profile]))
    case 'other':
      return ['check the role of this instance or container']
    case 'none':
      return ['aws configure sso', 'aws sso login --profile NAME, then add --profile NAME or export AWS_PROFILE=NAME']
  }
}
