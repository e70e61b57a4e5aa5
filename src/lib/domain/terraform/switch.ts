import type {Attribute, Block} from './body.ts'
import {parseTerraform} from './body.ts'
import {lineAt, lineCounter, TerraformRefusal, type Token} from './lexer.ts'

/**
 * Which NATS each module of a Terraform file connects its service to, and the one edit that changes it. The file says it
 * in an attribute of the service's module block, the ARN of an SSM path that ends in a reference:
 *
 *   nats_ssm_parameter_arn_base = "arn:...:parameter${module.nats.ssm_prefix}"                          Synadia Cloud
 *   nats_ssm_parameter_arn_base = "arn:...:parameter${module.nats_cluster.service_ssm_prefixes["s"]}"   self-hosted
 *
 * Only that reference is ever replaced.
 */

const ATTRIBUTE = 'nats_ssm_parameter_arn_base'
export type Side = 'self-hosted' | 'synadia'

/** What a reference points to: a Terraform module, and for a self-hosted cluster the service in it. */
export type Reference =
  | {readonly side: 'self-hosted'; readonly module: string; readonly service: string}
  | {readonly side: 'synadia'; readonly module: string}

/** The attribute in one module block. */
export interface NatsUse {
  /** Label of the module block. */
  readonly module: string
  /** Of the attribute; from 1. */
  readonly line: number
  /** Names under which the service may be known: the label, and what the block calls itself. */
  readonly names: readonly string[]
  /** Where the value could be read. */
  readonly reference: Reference | undefined
  /** Why it could not. */
  readonly problem: string | undefined
  /** Offsets of the reference in the text, to be replaced; equal where it could not be read. */
  readonly start: number
  readonly end: number
}

export interface NatsUses {
  /** In the order of the file. */
  readonly uses: readonly NatsUse[]
  /** Lines where the name stands as the key of something that is not a module block. */
  readonly strays: readonly number[]
}

export interface SwitchRequest {
  readonly service: string
  readonly to: Side
  /** Terraform module of the self-hosted cluster; undefined: as it is, else `nats_cluster`. */
  readonly clusterModule?: string | undefined
  /** Terraform module of Synadia Cloud; undefined: as it is, else `nats`. */
  readonly synadiaModule?: string | undefined
  /** Label of the service's module block, where the service's name does not tell. */
  readonly block?: string | undefined
}

export interface SwitchPlan {
  readonly use: NatsUse
  readonly from: Reference
  readonly to: Reference
  /** Undefined: it is so already. */
  readonly edit: Edit | undefined
}

/** Replace the text between two offsets. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly replacement: string
}

/** No module block of the file is the service's, or several are. */
export class BlockNotFound extends Error {
  override readonly name = 'BlockNotFound'
  readonly candidates: readonly NatsUse[]

  constructor(problem: string, candidates: readonly NatsUse[]) {
    super(problem)
    this.candidates = candidates
  }
}

/** @throws TerraformRefusal */
export function readUses(text: string): NatsUses {
  const {tokens, body} = parseTerraform(text)
  const known = new Set<number>()
  const [lineOfUse, lineOfStray] = [lineCounter(text), lineCounter(text)]
  const uses = body.blocks.flatMap((block): readonly NatsUse[] => {
    if (textOf(text, block.type) !== 'module') return []
    const attributes = block.body.attributes.filter(({name}) => textOf(text, name) === ATTRIBUTE)
    for (const {name} of attributes) known.add(name.start)
    const [first, second] = attributes
    if (!first) return []
    const again = second && `${ATTRIBUTE} is set again in line ${lineAt(text, second.name.start)}`
    return [{...describeUse(text, block, first, again), line: lineOfUse(first.name.start)}]
  })
  const strays = keysCalled(text, tokens, ATTRIBUTE).filter(({start}) => !known.has(start))
  return {uses, strays: strays.map(({start}) => lineOfStray(start))}
}

/**
 * The edit that moves one service. Pure, and its own inverse but for the names of the modules.
 * @throws TerraformRefusal for what is not understood, BlockNotFound where it is not clear which block is meant
 */
export function planSwitch(text: string, request: SwitchRequest): SwitchPlan {
  const {uses, strays} = readUses(text)
  const use = chooseUse(uses, strays, request)
  const {reference: from, problem} = use
  if (from === undefined) throw new TerraformRefusal(use.line, problem ?? 'the value is not understood')
  if (from.side === 'self-hosted' && from.service !== request.service) {
    throw new TerraformRefusal(use.line, `module ${use.module} uses the credentials of ${from.service}`)
  }
  const to = referenceOf(from, request)
  const replacement = formatReference(to)
  const isSame = formatReference(from) === replacement
  return {use, from, to, edit: isSame ? undefined : {start: use.start, end: use.end, replacement}}
}

export function applyEdit(text: string, {start, end, replacement}: Edit): string {
  return text.slice(0, start) + replacement + text.slice(end)
}

/** `module.nats_cluster.service_ssm_prefixes["facebox"]`. */
export function formatReference(reference: Reference): string {
  const module = `module.${reference.module}`
  return reference.side === 'synadia'
    ? `${module}.ssm_prefix`
    : `${module}.service_ssm_prefixes[${JSON.stringify(reference.service)}]`
}

function referenceOf(from: Reference, {service, to, clusterModule, synadiaModule}: SwitchRequest): Reference {
  const present = from.side === to ? from.module : undefined
  return to === 'self-hosted'
    ? {side: to, service, module: clusterModule ?? present ?? 'nats_cluster'}
    : {side: to, module: synadiaModule ?? present ?? 'nats'}
}

function chooseUse(uses: readonly NatsUse[], strays: readonly number[], {service, block}: SwitchRequest): NatsUse {
  const isMeant = ({module, names, reference}: NatsUse): boolean => {
    if (block !== undefined) return module === block
    const isUsed = reference?.side === 'self-hosted' && reference.service === service
    return isUsed || names.some((name) => plain(name) === plain(service))
  }
  const meant = uses.filter(isMeant)
  const [use, other] = meant
  if (use && !other) return use
  if (use) throw new BlockNotFound(`${meant.length} module blocks are of service ${service}`, meant)
  const [stray] = strays
  if (uses.length === 0 && stray !== undefined) {
    throw new TerraformRefusal(stray, `${ATTRIBUTE} does not stand in a module block here`)
  }
  const what = block === undefined ? `of service ${service}` : `called ${block}`
  throw new BlockNotFound(`no module block with ${ATTRIBUTE} is ${what}`, uses)
}

/** Terraform's names have underscores where a service's has hyphens. */
function plain(name: string): string {
  return name.replaceAll('-', '_')
}

/** What a block may call the service it is for. */
const NAMING = ['service_name', 'name']

function describeUse(
  text: string,
  {labels, body}: Block,
  {value}: Attribute,
  again: string | undefined,
): Omit<NatsUse, 'line'> {
  const label = labels.length === 1 && labels[0] ? (literalOf(text, labels[0]) ?? textOf(text, labels[0])) : ''
  const named = body.attributes
    .filter((each) => NAMING.includes(textOf(text, each.name)))
    .flatMap((each) => (each.value.length === 1 && each.value[0] ? (literalOf(text, each.value[0]) ?? []) : []))
  const found = again === undefined ? findReference(text, value) : {problem: again}
  const use = {module: label, names: [label, ...named]}
  if ('problem' in found) return {...use, reference: undefined, problem: found.problem, start: 0, end: 0}
  return {...use, ...found, problem: undefined}
}

type Found = {readonly reference: Reference; readonly start: number; readonly end: number} | {readonly problem: string}

/** The reference at the end of the value, where the value has the one form that is understood. */
function findReference(text: string, value: readonly Token[]): Found {
  const [string, more] = value
  const last = string?.parts?.at(-1)
  const before = string?.parts?.at(-2)
  if (more || string?.kind !== 'string') return {problem: `the value of ${ATTRIBUTE} is not one string`}
  const isPath = before?.kind === 'literal' && text.slice(before.start, before.end).endsWith('parameter')
  if (last?.kind !== 'interpolation' || !text.startsWith('$', last.start) || !isPath) {
    return {problem: `the value of ${ATTRIBUTE} does not end in "...parameter\${module...}"`}
  }
  const tokens = last.tokens.filter(({kind}) => kind !== 'newline')
  const reference = readReference(text, tokens)
  const [first, end] = [tokens[0], tokens.at(-1)]
  if (!reference || !first || !end || holdsComment(text, tokens)) {
    const written = text.slice(last.start, Math.min(last.end, last.start + 80)).replace(/\s+/g, ' ')
    return {problem: `${written} is neither a self-hosted cluster's nor Synadia Cloud's`}
  }
  return {reference, start: first.start, end: end.end}
}

/** Between the tokens there is more than space: it would be lost. */
function holdsComment(text: string, tokens: readonly Token[]): boolean {
  return tokens.some(({end}, index) => /\S/.test(text.slice(end, tokens[index + 1]?.start ?? end)))
}

/** `module.NAME.ssm_prefix` or `module.NAME.service_ssm_prefixes["SERVICE"]`, and nothing else. */
function readReference(text: string, tokens: readonly Token[]): Reference | undefined {
  const words = tokens.map((token) => textOf(text, token))
  const [keyword, dot, module, secondDot, property, open, , close] = words
  if (keyword !== 'module' || dot !== '.' || secondDot !== '.' || tokens[2]?.kind !== 'identifier') return undefined
  if (module === undefined) return undefined
  if (property === 'ssm_prefix' && tokens.length === 5) return {side: 'synadia', module}
  const key = tokens[6]
  const service = key && literalOf(text, key)
  const isIndexed = property === 'service_ssm_prefixes' && open === '[' && close === ']' && tokens.length === 8
  return isIndexed && service !== undefined ? {side: 'self-hosted', module, service} : undefined
}

/** The text of a string without escapes and interpolations; undefined for anything else. */
function literalOf(text: string, {kind, parts = []}: Token): string | undefined {
  const [part, more] = parts
  if (kind !== 'string' || part?.kind !== 'literal' || more) return undefined
  const literal = text.slice(part.start, part.end)
  return /[\\$%]/.test(literal) ? undefined : literal
}

/** Names in front of = or :, wherever they stand in code. */
function keysCalled(text: string, tokens: readonly Token[], name: string): readonly Token[] {
  const here = tokens.filter((token, index) => {
    const next = tokens[index + 1]
    return textOf(text, token) === name && next !== undefined && /^[=:]$/.test(textOf(text, next))
  })
  return here.filter(({kind}) => kind === 'identifier')
}

function textOf(text: string, {start, end}: Token): string {
  return text.slice(start, end)
}
