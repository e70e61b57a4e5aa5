import {printable} from '../domain/printable.ts'
import {relativeTime} from './format.ts'
import {type Column, renderTable, type TableStyle} from './table.ts'

/** The reports as they are shown, so that output need not know where they come from. */
export interface GeneratedView {
  readonly authority: {readonly folder: string; readonly change: string}
  readonly certificates: readonly {
    readonly name: string
    readonly use: string
    readonly folder: string
    readonly hosts: readonly string[]
    readonly change: string
  }[]
}

export function renderGeneratedCertificates(report: GeneratedView, style: TableStyle): string {
  const {folder, change} = report.authority
  const rows = [{name: 'authority', use: 'ca', folder, hosts: [], change}, ...report.certificates]
  const columns: readonly Column<(typeof rows)[number]>[] = [
    {header: 'CHANGE', value: (row) => row.change, tone: (row) => (row.change === 'kept' ? 'dim' : 'good')},
    {header: 'USE', value: ({use}) => use},
    {header: 'NAME', value: ({name}) => name, whole: true},
    {header: 'HOSTS', value: ({hosts}) => hosts.join(' ') || '-'},
  ]
  return renderTable(columns, rows, style)
}

export interface RenewedView {
  readonly changed: readonly string[]
  readonly rotation: {
    readonly running: boolean
    readonly trusting: number
    readonly issued: number
    readonly holders: number
  }
  readonly next: readonly string[]
}

export function renderRenewal(
  {changed, rotation, next}: RenewedView,
  {decorated}: Pick<TableStyle, 'decorated'>,
): string {
  const {running, trusting, issued, holders} = rotation
  const state = running
    ? `rotation of the authority: ${trusting} of ${holders} trust both, ${issued} of ${holders} have new certificates`
    : `no rotation of the authority is running; ${holders} certificates`
  if (!decorated) {
    const records = [
      ['state', state],
      ...changed.map((folder) => ['changed', folder]),
      ...next.map((step) => ['next', step]),
    ]
    return records.map((record) => record.map(printable).join('\t')).join('\n')
  }
  return [
    state,
    ...changed.map((folder) => `  changed  ${printable(folder)}`),
    'next:',
    ...next.map((step) => `  - ${step}`),
  ].join('\n')
}

export interface CheckedView {
  readonly certificates: readonly {
    readonly where: string
    readonly certificate: {
      readonly subject: string
      readonly names: readonly string[]
      readonly notAfter: string
    } | null
    readonly findings: readonly {readonly problem: string; readonly severity: string; readonly message: string}[]
  }[]
}

/** A line a certificate, then one a finding. */
export function renderCertificateCheck({certificates}: CheckedView, now: number, style: TableStyle): string {
  const columns: readonly Column<CheckedView['certificates'][number]>[] = [
    {
      header: 'STATE',
      value: stateOf,
      tone: (row) => (row.findings.length === 0 ? 'good' : stateOf(row) === 'critical' ? 'bad' : 'warning'),
    },
    {header: 'EXPIRES', value: ({certificate}) => expiryOf(certificate?.notAfter, now, style.decorated)},
    {header: 'SUBJECT', value: ({certificate}) => certificate?.subject ?? '-'},
    {header: 'WHERE', value: ({where}) => where, whole: true},
  ]
  const table = renderTable(columns, certificates, style)
  const findings = certificates.flatMap(({where, findings}) =>
    findings.map(({severity, problem, message}) =>
      style.decorated
        ? printable(`${severity}  ${problem}  ${where}: ${message}`)
        : ['finding', severity, problem, where, message].map(printable).join('\t'),
    ),
  )
  if (findings.length === 0) return table
  return [table, ...(style.decorated ? [''] : []), ...findings].join('\n')
}

function stateOf({findings}: CheckedView['certificates'][number]): string {
  if (findings.some(({severity}) => severity === 'critical')) return 'critical'
  return findings.length > 0 ? 'warning' : 'ok'
}

function expiryOf(notAfter: string | undefined, now: number, decorated: boolean): string {
  if (notAfter === undefined) return '-'
  return decorated ? relativeTime(Date.parse(notAfter), now) : notAfter
}
