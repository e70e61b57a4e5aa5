import {isSettle, settleLimits} from '../settings.ts'
import type {CurrentNode, LockDocument, LockedRequest, LockHolder} from './lock.ts'
import {drainModes, strategies} from './plan.ts'
import type {NodeIdentity} from './view.ts'

/*
 * The lock is a parameter that others may be able to write, and a resume acts on what it says: nothing of it is believed
 * before its shape was looked at, field by field.
 */

/** An id as `newRollId` makes it and every journal is named: never a path. */
export const ROLL_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/

/** What is wrong with the value, naming the field; undefined where nothing is. */
type Check = (value: unknown, field: string) => string | undefined

function is(what: string, holds: (value: unknown) => boolean): Check {
  return (value, field) => (holds(value) ? undefined : `${field} is not ${what}`)
}

function textLike(what: string, pattern: RegExp): Check {
  return is(what, (value) => typeof value === 'string' && pattern.test(value))
}

function numberFrom(least: number, most: number): Check {
  const holds = (value: unknown): boolean =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
  return is(`a whole number from ${least} to ${most}`, holds)
}

function oneOf(values: readonly unknown[]): Check {
  return is(`one of ${values.join(', ')}`, (value) => values.includes(value))
}

function optional(check: Check): Check {
  return (value, field) => (value === undefined ? undefined : check(value, field))
}

function listOf(check: Check): Check {
  return (value, field) =>
    Array.isArray(value)
      ? firstOf(value.map((each, index) => check(each, `${field}[${index}]`)))
      : `${field} is no list`
}

/** Every field has its check, or this does not compile; what the document has beside them is not looked at by anybody. */
function shapeOf<Shape>(checks: {readonly [Key in keyof Required<Shape>]: Check}): Check {
  const known = Object.entries<Check>(checks)
  return (value, field) => {
    if (typeof value !== 'object' || value === null) return `${field === '' ? 'the document' : field} is no object`
    const fields = value as Readonly<Record<string, unknown>>
    return firstOf(known.map(([key, check]) => check(fields[key], field === '' ? key : `${field}.${key}`)))
  }
}

function firstOf(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined)
}

const text = is('a text', (value) => typeof value === 'string')
const name = textLike('a name', /./s)
const flag = is('true or false', (value) => typeof value === 'boolean')
/** Milliseconds since the epoch, as far as a date goes. */
const moment = numberFrom(0, 8.64e15)
/** Empty: it was not known. */
const instanceId = textLike('the id of an instance', /^(i-[0-9a-z]{1,32})?$/)

const holder = shapeOf<LockHolder>({user: text, host: text, pid: numberFrom(1, 2 ** 31 - 1)})

const request = shapeOf<LockedRequest>({
  strategy: oneOf(strategies),
  drain: oneOf(drainModes),
  settleMs: numberFrom(0, settleLimits.longestMs),
  acceptedLoss: listOf(name),
  // Absent means no: so they were written once.
  acceptsUnseen: optional(flag),
  acceptsOldServers: optional(flag),
  checksBootstrap: flag,
})

const identity = shapeOf<NodeIdentity>({
  node: name,
  asg: text,
  instanceId,
  privateIp: optional(text),
  serverId: optional(text),
  serverStartedAt: optional(moment),
  version: optional(text),
})

const lock = shapeOf<LockDocument>({
  format: oneOf([1]),
  purpose: optional(oneOf(['roll', 'drain'])),
  roll: textLike('the id of a roll', ROLL_ID),
  cluster: name,
  holder,
  startedAt: moment,
  heartbeatAt: moment,
  request,
  remaining: listOf(name),
  done: listOf(name),
  instances: optional(listOf(instanceId)),
  current: optional(shapeOf<CurrentNode>({identity, intended: flag, stopped: flag})),
  handedOver: flag,
  beat: numberFrom(0, Number.MAX_SAFE_INTEGER),
})

/** The lock of this cluster in a parameter's text, or the first thing that is wrong with it, in words. */
export function parseLock(text: string, cluster: string): {readonly document: LockDocument} | {readonly wrong: string} {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return {wrong: 'it is no JSON'}
  }
  const wrong = lock(value, '')
  if (wrong !== undefined) return {wrong}
  const document = value as LockDocument
  if (document.cluster !== cluster) return {wrong: `cluster is not ${cluster}`}
  // A drain has none: no other node follows.
  if (document.purpose !== 'drain' && !isSettle(document.request.settleMs))
    return {wrong: `request.settleMs is less than ${settleLimits.shortestMs}`}
  return {document}
}

/** Which field names a node that the cluster does not have; undefined: none of those that would be acted on. */
export function findStranger(
  {remaining, current}: Pick<LockDocument, 'remaining' | 'current'>,
  nodes: readonly {readonly name: string}[],
): string | undefined {
  const isKnown = (node: string): boolean => nodes.some((each) => each.name === node)
  const at = remaining.findIndex((node) => !isKnown(node))
  if (at >= 0) return `remaining[${at}] is no node of the cluster`
  return current && !isKnown(current.identity.node) ? 'current.identity.node is no node of the cluster' : undefined
}
