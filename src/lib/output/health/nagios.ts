import type {Finding} from '../../domain/health/finding.ts'
import type {HealthReport, HealthVerdict} from '../../domain/health.ts'
import {printable} from '../../domain/printable.ts'
import {percentOf} from '../../domain/quantity.ts'
import type {Thresholds} from '../../domain/settings.ts'
import {headline} from './table.ts'

/** The plugin guidelines' own: https://www.monitoring-plugins.org/doc/guidelines.html */
const STATES: Readonly<Record<HealthVerdict, {readonly status: number; readonly word: string}>> = {
  ok: {status: 0, word: 'OK'},
  degraded: {status: 1, word: 'WARNING'},
  critical: {status: 2, word: 'CRITICAL'},
  unknown: {status: 3, word: 'UNKNOWN'},
}

/** More than this no monitoring system shows; --json has them all. */
const LONG_OUTPUT_LINES = 20

/** Exit status of a plugin: 0 to 3. */
export function nagiosStatus(verdict: HealthVerdict): number {
  return STATES[verdict].status
}

/** One line of status with performance data behind a bar, then one line for each finding. */
export function renderNagios(report: HealthReport, thresholds: Thresholds): string {
  const {verdict, findings} = report
  const worst = findings.find(({severity}) => severity !== 'info')
  const status = `NATS ${STATES[verdict].word} - ${headline(report)}${worst ? `: ${sentence(worst)}` : ''}`
  const shown = findings.slice(0, LONG_OUTPUT_LINES)
  const rest = findings.length - shown.length
  return [
    `${plain(status)} | ${performanceData(report, thresholds)}`,
    ...shown.map((each) => plain(`${each.severity} ${each.code} ${sentence(each)}; next: ${each.next}`)),
    ...(rest > 0 ? [`and ${rest} more`] : []),
  ].join('\n')
}

/** For anything that kept the check from being made. */
export function renderNagiosFailure(message: string): string {
  return `NATS UNKNOWN - ${plain(message)}`
}

function sentence({nodes, message}: Finding): string {
  return nodes.length > 0 && nodes.length < 4 ? `${nodes.join(', ')} ${message}` : message
}

/** The bar ends the text and begins the data: none may stand in a name. */
function plain(text: string): string {
  return printable(text).replaceAll('|', '/')
}

function performanceData({nodes, counts, assets}: HealthReport, thresholds: Thresholds): string {
  const {storagePercentWarning, storagePercentCritical} = thresholds
  const answering = nodes.filter(({answers}) => answers).length
  const unproven = Object.entries(assets.replicas)
    .filter(([standing]) => standing !== 'caught-up' && standing !== 'single')
    .reduce((sum, [, count]) => sum + count, 0)
  const data = [
    perfValue('nodes', answering, {min: 0, max: nodes.length}),
    perfValue('critical', counts.critical, {min: 0}),
    perfValue('warning', counts.warning, {min: 0}),
    perfValue('streams', assets.streams, {min: 0}),
    perfValue('consumers', assets.consumers, {min: 0}),
    perfValue('messages', assets.messages, {min: 0}),
    perfValue('replicas_unproven', unproven, {min: 0}),
    ...nodes.flatMap(({node, connections, jetStream}) => [
      ...(connections === undefined
        ? []
        : [perfValue(`${node}_connections`, connections, {warning: thresholds.connections, min: 0})]),
      ...(jetStream && jetStream.maxFileBytes > 0
        ? [
            perfValue(`${node}_file`, percentOf(jetStream.fileBytes, jetStream.maxFileBytes), {
              unit: '%',
              warning: storagePercentWarning,
              critical: storagePercentCritical,
              min: 0,
              max: 100,
            }),
          ]
        : []),
    ]),
  ]
  return data.join(' ')
}

interface PerfLimits {
  readonly unit?: string
  readonly warning?: number
  readonly critical?: number
  readonly min?: number
  readonly max?: number
}

/** `'label'=value[UOM];[warn];[crit];[min];[max]`, the empty end left out; quotes and = cannot stand in a label. */
function perfValue(label: string, value: number, {unit = '', warning, critical, min, max}: PerfLimits): string {
  const name = plain(label).replace(/['=]/g, '_')
  const limits = [warning, critical, min, max].map((limit) => limit ?? '').join(';')
  return `'${name}'=${value}${unit};${limits}`.replace(/;+$/, '')
}
