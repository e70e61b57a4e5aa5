import type {SubjectRules, UserClaims} from './user-claims.ts'

/**
 * What can be tried of a user's permissions without a trace. Subscribing for a moment, asking JetStream for information
 * and publishing to an inbox that nobody but us reads change nothing; publishing anywhere else could be stored, acted
 * upon or paid for, and is never tried.
 */
export interface Trial {
  readonly operation: 'publish' | 'subscribe'
  /** The rule as the JWT has it; `>` where the JWT has none and everything is allowed. */
  readonly rule: string
  readonly kind: 'allow' | 'deny'
  /** How it is tried; `none`: not without a trace. */
  readonly how: 'subscribe' | 'request' | 'echo' | 'none'
  /** A subject without wildcards that the rule is about. */
  readonly subject: string
  /** What the claims say of this subject, all rules together. */
  readonly expected: boolean
}

/** Questions that JetStream and the server answer without doing anything. */
const QUESTIONS = [
  /^\$JS\.API\.INFO$/,
  /^\$JS\.API\.STREAM\.(NAMES|LIST)$/,
  /^\$JS\.API\.STREAM\.INFO\.[^.*>]+$/,
  /^\$JS\.API\.CONSUMER\.(NAMES|LIST)\.[^.*>]+$/,
  /^\$JS\.API\.CONSUMER\.INFO\.[^.*>]+\.[^.*>]+$/,
  /^\$SYS\.REQ\.USER\.INFO$/,
]
/** Asked where a wildcard allows them. */
const GENERAL_QUESTIONS = ['$SYS.REQ.USER.INFO', '$JS.API.INFO']

/**
 * One trial a rule, in the order of the JWT. `token` stands for wildcards: a word that nobody else uses. Where the
 * permissions are those of a signing key the JWT says nothing of them, and nothing is expected.
 */
export function planTrials({publish, subscribe, scoped}: UserClaims, token: string): readonly Trial[] {
  if (scoped) return []
  const inbox = inboxPrefixOf(subscribe)
  const canHear = isPermitted(subscribe, `${inbox ?? '_INBOX'}.${token}.${token}`)
  const planSubscription = (kind: Trial['kind'], rule: string): Trial => {
    const [pattern = '', queue] = rule.split(' ')
    const subject = fill(pattern, token)
    // A member of the service's own queue would be given messages that are the service's.
    const how = queue === undefined ? 'subscribe' : 'none'
    return {operation: 'subscribe', rule, kind, how, subject, expected: isPermitted(subscribe, subject)}
  }
  const planPublication = (kind: Trial['kind'], rule: string): Trial => {
    const own = `${inbox ?? '_INBOX'}.${token}`
    const question = questionFor(rule)
    const base = {operation: 'publish', rule, kind} as const
    if (kind === 'allow' && canHear && matches(rule, own)) {
      return {...base, how: 'echo', subject: own, expected: isPermitted(publish, own)}
    }
    if (kind === 'allow' && canHear && question !== undefined && isPermitted(publish, question)) {
      return {...base, how: 'request', subject: question, expected: true}
    }
    const subject = fill(rule, token)
    return {...base, how: 'none', subject, expected: isPermitted(publish, subject)}
  }
  return [
    ...orEverything(publish.allow).map((rule) => planPublication('allow', rule)),
    ...publish.deny.map((rule) => planPublication('deny', rule)),
    ...orEverything(subscribe.allow).map((rule) => planSubscription('allow', rule)),
    ...subscribe.deny.map((rule) => planSubscription('deny', rule)),
  ]
}

/** Where the user may hear answers, if not below _INBOX: the prefix a client has to be told. */
export function inboxPrefixOf(subscribe: SubjectRules): string | undefined {
  if (isPermitted(subscribe, '_INBOX.a.b')) return undefined
  const own = subscribe.allow.find((rule) => /^_INBOX[^*> ]*\.>$/.test(rule))
  return own?.slice(0, -'.>'.length)
}

/** By the server's rules: allowed by any (or there is none), and denied by none. */
export function isPermitted({allow, deny}: SubjectRules, subject: string): boolean {
  const isAllowed = allow.length === 0 || allow.some((rule) => !rule.includes(' ') && matches(rule, subject))
  return isAllowed && !deny.some((rule) => matches(rule.split(' ', 1)[0] ?? '', subject))
}

/** Whether a pattern with `*` and `>` stands for a subject without. */
export function matches(pattern: string, subject: string): boolean {
  const [words, tokens] = [pattern.split('.'), subject.split('.')]
  if (words.at(-1) === '>') {
    const head = words.slice(0, -1)
    return tokens.length > head.length && head.every((word, at) => word === '*' || word === tokens[at])
  }
  return words.length === tokens.length && words.every((word, at) => word === '*' || word === tokens[at])
}

function questionFor(rule: string): string | undefined {
  return QUESTIONS.some((question) => question.test(rule))
    ? rule
    : GENERAL_QUESTIONS.find((question) => matches(rule, question))
}

function fill(pattern: string, token: string): string {
  return pattern
    .split('.')
    .map((word) => (word === '*' || word === '>' ? token : word))
    .join('.')
}

function orEverything(rules: readonly string[]): readonly string[] {
  return rules.length > 0 ? rules : ['>']
}
