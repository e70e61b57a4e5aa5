import {printable} from '../domain/printable.ts'
import {humanDuration} from './format.ts'
import {toneOf} from './service.ts'
import {type Column, renderTable} from './table.ts'
import type {Terminal} from './terminal.ts'

/** A service's own view of its hosts and permissions. Untrusted text. */
export interface CheckLines {
  readonly cluster: string
  readonly service: string
  readonly verdict: string
  readonly hosts: readonly HostLine[]
  readonly roundTrip: {readonly subject: string; readonly tookMs: number} | null
  readonly trials: readonly TrialLine[]
  readonly problems: readonly string[]
}

interface HostLine {
  readonly host: string
  readonly connected: boolean
  readonly server: string | null
  readonly version: string | null
  readonly rttMs: number | null
}

interface TrialLine {
  readonly operation: string
  readonly rule: string
  readonly kind: string
  readonly result: string
  readonly asExpected: boolean | null
  readonly tookMs: number | null
  readonly note: string | null
}

type Style = Pick<Terminal, 'decorated' | 'paint' | 'width'>

/** Two tables and a verdict; in a pipe one record a host and a rule, each beginning with what it is. */
export function renderCheck(check: CheckLines, style: Style): string {
  const {hosts, trials, problems, roundTrip, verdict, service, cluster} = check
  const duration = (ms: number | null): string => {
    if (ms === null) return '-'
    return style.decorated ? humanDuration(ms) : (ms / 1000).toFixed(6)
  }
  const hostColumns: readonly Column<HostLine>[] = [
    ...(style.decorated ? [] : [{header: '', value: () => 'host'}]),
    {header: 'HOST', value: ({host}) => host},
    {header: 'STATE', value: stateOf, tone: (line) => toneOf(stateOf(line))},
    {header: 'SERVER', value: ({server}) => server ?? '-'},
    {header: 'VERSION', value: ({version}) => version ?? '-'},
    {header: 'RTT', value: ({rttMs}) => duration(rttMs), align: 'right'},
  ]
  const trialColumns: readonly Column<TrialLine>[] = [
    ...(style.decorated ? [] : [{header: '', value: () => 'rule'}]),
    {header: 'MAY', value: ({operation, kind}) => (kind === 'allow' ? operation : `not ${operation}`)},
    {header: 'SUBJECT', value: ({rule}) => rule},
    {
      header: 'TRIED',
      value: ({result}) => result,
      tone: ({asExpected, result}) => (asExpected === true ? 'good' : asExpected === false ? 'bad' : toneOf(result)),
    },
    {header: 'TOOK', value: ({tookMs}) => duration(tookMs), align: 'right'},
    {header: 'NOTE', value: ({note}) => note ?? '-'},
  ]
  const tables = [renderTable(hostColumns, hosts, style), renderTable(trialColumns, trials, style)]
  if (!style.decorated) {
    const lines = [...problems.map((each) => `problem\t${printable(each)}`), `verdict\t${verdict}`]
    return [...tables.filter((text, index) => [hosts, trials][index]?.length && text), ...lines].join('\n')
  }
  const trip = roundTrip
    ? `round trip over ${printable(roundTrip.subject)}: ${humanDuration(roundTrip.tookMs)}`
    : 'no round trip: nothing that this user may publish is free of traces'
  return [
    tables[0],
    '',
    ...(trials.length > 0 ? [tables[1], ''] : []),
    ...(hosts.some(({connected}) => connected) ? [trip] : []),
    ...problems.map(printable),
    `${style.paint(toneOf(verdict) ?? 'strong', verdict)}: ${printable(service)} of ${printable(cluster)}`,
  ].join('\n')
}

function stateOf({connected}: {readonly connected: boolean}): string {
  return connected ? 'up' : 'down'
}
