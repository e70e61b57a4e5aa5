/** A line of a bootstrap log. Untrusted text. */
export interface BootstrapLine {
  readonly stream: string
  readonly at: number
  readonly message: string
}

export type BootstrapWord =
  | {readonly kind: 'yes'}
  /** `line`: the newest one that says the check failed. */
  | {readonly kind: 'failed'; readonly line: string}
  | {readonly kind: 'nothing'}

/**
 * What the bootstrap logs of a node say of one instance's check; the last word counts, for a check is repeated until it
 * passes. Streams named for another instance say nothing of this one, and neither does a line from before `since`.
 */
export function judgeBootstrap(
  lines: readonly BootstrapLine[],
  {pattern, instanceId, since}: {readonly pattern: string; readonly instanceId: string; readonly since: number},
): BootstrapWord {
  const own = lines
    .filter(({stream, at, message}) => at >= since && message.includes(pattern) && !isOfAnother(stream, instanceId))
    .sort((a, b) => a.at - b.at)
  const last = own.findLast(({message}) => !announces(message))
  if (last === undefined) return {kind: 'nothing'}
  const rest = last.message.slice(last.message.indexOf(pattern) + pattern.length)
  return tellsOfFailure(last.message.replaceAll(pattern, ' ')) || /^\W*[345]\d\d\b/.test(rest)
    ? {kind: 'failed', line: last.message.trim()}
    : {kind: 'yes'}
}

function isOfAnother(stream: string, instanceId: string): boolean {
  const ids: readonly string[] = stream.match(/\bi-[0-9a-f]{8,17}\b/g) ?? []
  return ids.length > 0 && !ids.includes(instanceId)
}

/** A line that only tells what is about to be done. */
function announces(message: string): boolean {
  return (
    /\b(start(ing|ed)?|begin(ning)?|running|waiting|retry(ing)?|attempt(ing)?)\b/i.test(message) &&
    !/\b(ok|pass(ed)?|succe\w+|done|2\d\d)\b/i.test(message) &&
    !tellsOfFailure(message)
  )
}

const failureWords =
  /\b(fail(s|ed|ing|ure)?|errors?|denied|refused|forbidden|unauthorized|unreachable|invalid|aborted|giv(ing|en) up|gave up|timed? ?out|timeout|could ?n[o']t|cannot|can't|unable|not (ok|successful|passed|reachable|working)|unsuccessful|missing)\b/i
const noFailure = /\b(no|0|zero|without( any)?) (errors?|failures?)\b/gi

function tellsOfFailure(message: string): boolean {
  if (failureWords.test(message.replace(noFailure, ' '))) return true
  const status = /\b(?:http(?:\/[\d.]+)?|status|code|response)\b\D{0,8}\b([1-5]\d\d)\b/i.exec(message)?.[1]
  if (status !== undefined && !status.startsWith('2')) return true
  const exit = /\b(?:exit|rc|exit[ _-]?(?:code|status))\b\D{0,4}\b(\d+)\b/i.exec(message)?.[1]
  return exit !== undefined && Number(exit) !== 0
}
