import {printable} from '../domain/printable.ts'
import {wrapSteps, wrapText} from './health/wrap.ts'
import {type Column, renderTable} from './table.ts'
import type {Terminal, Tone} from './terminal.ts'

/** What was found. Untrusted text. */
export interface DoctorLines {
  readonly cluster: string | null
  readonly verdict: string
  readonly findings: readonly DoctorLine[]
}

export interface DoctorLine {
  readonly check: string
  readonly status: string
  readonly message: string
  readonly fix: string | null
  readonly tookMs: number
}

const TONES: Readonly<Record<string, Tone>> = {
  ok: 'good',
  info: 'dim',
  'not-checked': 'dim',
  warning: 'warning',
  unknown: 'warning',
  degraded: 'warning',
  failed: 'bad',
  critical: 'bad',
}

type Style = Pick<Terminal, 'decorated' | 'paint' | 'width'>

/** One line a check, what mends it below, and how many are to be seen to; in a pipe one record a check and nothing else. */
export function renderDoctor({cluster, verdict, findings}: DoctorLines, style: Style): string {
  if (!style.decorated) return renderTable(RECORD, findings, style)
  const {paint} = style
  const lines = findings.flatMap(({check, status, message, fix}) => {
    const lead = `${paint(TONES[status] ?? 'strong', status.padEnd(MARGIN - 2))}  `
    const said = wrapText(lead, `${check}: ${printable(message)}`, style.width)
    // A command to be pasted stays on its line.
    const isFine = status === 'ok' || status === 'not-checked' || fix === null
    return isFine ? said : [...said, `${' '.repeat(MARGIN)}${paint('strong', `try: ${printable(fix)}`)}`]
  })
  const about = `this machine, ${cluster === null ? 'without a cluster' : `for cluster ${printable(cluster)}`}`
  const summary = wrapSteps('', `${about}: ${summaryOf(findings)}`, style.width)
  return [...lines, '', ...summary.map((line) => paint(TONES[verdict] ?? 'strong', line))].join('\n')
}

/** Of this machine, in numbers: a word like critical would be read as one on the cluster. */
function summaryOf(findings: readonly DoctorLine[]): string {
  const counts = ['failed', 'unknown', 'warning'].flatMap((status) => {
    const count = findings.filter((each) => each.status === status).length
    return count === 0 ? [] : [`${count} ${status}${status === 'warning' && count > 1 ? 's' : ''}`]
  })
  if (counts.length === 0) return 'nothing to mend'
  const hasCause = findings.some(({status}) => status === 'failed') && counts.length > 1
  return `${counts.join(', ')}${hasCause ? '; mend the failed ones first' : ''}`
}

/** Columns of the longest status and a gap. */
const MARGIN = 13

const RECORD: readonly Column<DoctorLine>[] = [
  {header: 'CHECK', value: ({check}) => check},
  {header: 'STATUS', value: ({status}) => status},
  {header: 'MESSAGE', value: ({message}) => message},
  {header: 'FIX', value: ({fix}) => fix ?? '-'},
  {header: 'SECONDS', value: ({tookMs}) => String(tookMs / 1000)},
]
