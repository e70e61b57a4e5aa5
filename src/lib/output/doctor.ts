import {wrapText} from './health/wrap.ts'
import {type Column, renderTable} from './table.ts'
import type {Terminal, Tone} from './terminal.ts'
import {printable} from './text.ts'

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

/** One line a check, what mends it below, and the verdict; in a pipe one record a check and nothing else. */
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
  const about = cluster === null ? 'this machine, without a cluster' : `cluster ${printable(cluster)}`
  return [...lines, '', `${paint(TONES[verdict] ?? 'strong', verdict)}: ${about}`].join('\n')
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
