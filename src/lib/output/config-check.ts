import {printable} from '../domain/printable.ts'
import {wrapText} from './health/wrap.ts'
import type {Terminal, Tone} from './terminal.ts'

/** A check as it is shown, so that output need not know where it comes from. */
export interface CheckView {
  readonly verdict: 'ok' | 'degraded' | 'critical'
  readonly server: {readonly version: string} | null
  readonly files: readonly unknown[]
  readonly findings: readonly {
    readonly rule: string
    readonly severity: 'critical' | 'warning' | 'info'
    readonly file: string
    readonly line: number
    readonly message: string
    readonly reason: string
    readonly reference: string
  }[]
}

const TONES: Readonly<Record<string, Tone>> = {
  ok: 'good',
  degraded: 'warning',
  critical: 'bad',
  warning: 'warning',
  info: 'dim',
}

/** On a terminal each finding with its reason; in a pipe one record a line: kind, severity, rule, place, message. */
export function renderConfigCheck(
  check: CheckView,
  {decorated, width, paint}: Pick<Terminal, 'decorated' | 'width' | 'paint'>,
): string {
  const asked = check.server === null ? 'no nats-server was asked' : `nats-server ${check.server.version}`
  if (!decorated) {
    const records = check.findings.map((each) => [
      'finding',
      each.severity,
      each.rule,
      `${each.file}:${each.line}`,
      each.message,
    ])
    return [['verdict', check.verdict, asked], ...records].map((record) => record.map(printable).join('\t')).join('\n')
  }
  const paintAs = (word: string, text: string): string => paint(TONES[word] ?? 'strong', text)
  const files = check.files.length === 1 ? '1 file' : `${check.files.length} files`
  const head = `${paintAs(check.verdict, check.verdict.toUpperCase())}  ${files}, ${asked}`
  const blocks = check.findings.map((each) => {
    const title = `${paintAs(each.severity, each.severity)}  ${each.rule}`
    return [
      `${title}  ${printable(`${each.file}:${each.line}`)}`,
      ...wrapText('  ', printable(each.message), width),
      ...wrapText('  ', `why: ${each.reason}`, width).map((line) => paint('dim', line)),
      paint('dim', `  see: ${each.reference}`),
    ].join('\n')
  })
  return [head, ...blocks].join('\n\n')
}
