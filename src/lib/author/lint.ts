import {compareNames} from '../domain/natural-order.ts'
import {lintAccess} from './lint-access.ts'
import {lintFleet} from './lint-fleet.ts'
import {lintJetStream} from './lint-jetstream.ts'
import {type LintRuleId, type LintSeverity, lintRules, lintSeverities} from './lint-rules.ts'
import {Block} from './lint-settings.ts'
import type {ConfigurationMap, ConfigurationValue, Place, ServerConfiguration} from './parse.ts'

export {type LintRuleId, type LintSeverity, lintRules, lintSeverities} from './lint-rules.ts'

export interface LintFinding {
  readonly rule: LintRuleId
  readonly severity: LintSeverity
  readonly place: Place
  /** What stands there, without any secret. Untrusted text. */
  readonly message: string
}

export interface LintInput {
  readonly configuration: ServerConfiguration
  /** Files of it that users other than the owner may read. */
  readonly readableByOthers: readonly string[]
}

export interface LintOptions {
  /** How long the service manager lets the server stop before it kills it, seconds; undefined: not known. */
  readonly stopSeconds: number | undefined
}

/** What a rule reports; where no severity is given it is the rule's own. */
export type Report = (rule: LintRuleId, place: Place, message: string, severity?: LintSeverity) => void

/**
 * Everything the rules have to say of these configurations, each for itself and all against each other. Sorted: most
 * urgent first, then by file and line.
 */
export function lintConfigurations(inputs: readonly LintInput[], options: LintOptions): readonly LintFinding[] {
  const findings: LintFinding[] = []
  const report: Report = (rule, place, message, severity = lintRules[rule].severity) => {
    findings.push({rule, severity, place, message})
  }
  for (const {configuration, readableByOthers} of inputs) {
    const root = blockOf(configuration)
    lintRepeatedKeys(configuration.root, report)
    lintAccess(root, readableByOthers, report)
    lintJetStream(root, options, report)
  }
  lintFleet(
    inputs.map(({configuration}) => blockOf(configuration)),
    report,
  )
  return sortFindings(findings)
}

/** Most urgent first, then by file and line. */
export function sortFindings(findings: readonly LintFinding[]): readonly LintFinding[] {
  const rank = ({severity}: LintFinding): number => lintSeverities.indexOf(severity)
  const seen = new Set<string>()
  return [...findings]
    .sort((a, b) => rank(a) - rank(b) || compareNames(a.place.file, b.place.file) || a.place.line - b.place.line)
    .filter((each) => {
      const key = JSON.stringify(each)
      return !seen.has(key) && seen.add(key)
    })
}

export function blockOf({root}: ServerConfiguration): Block {
  return new Block(root, root.place)
}

/** Keys that are no settings but names: users choose them, and in them case matters. */
const NAMING = new Set(['accounts', 'resolver_preload', 'mappings', 'maps', 'headers'])

function lintRepeatedKeys(map: ConfigurationMap, report: Report, parent = ''): void {
  const first = new Map<string, Place>()
  for (const {key, value, place} of map.entries) {
    const name = NAMING.has(parent) ? key : key.toLowerCase()
    const earlier = first.get(name)
    if (earlier) report('key-repeated', place, `${key} is set already in ${whereabouts(earlier, place)}`)
    else first.set(name, place)
    // What a variable stands for has been looked at where it is written.
    for (const inner of mapsIn(value)) if (inner.variable === undefined) lintRepeatedKeys(inner, report, name)
  }
}

function mapsIn(value: ConfigurationValue): readonly ConfigurationMap[] {
  if (value.kind === 'map') return [value]
  return value.kind === 'array' && value.variable === undefined ? value.items.flatMap(mapsIn) : []
}

function whereabouts({file, line}: Place, from: Place): string {
  return file === from.file ? `line ${line}` : `line ${line} of ${file}`
}
