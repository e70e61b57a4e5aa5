import {printable} from '../domain/printable.ts'
import type {ServiceRow} from '../domain/service.ts'
import {relativeTime} from './format.ts'
import {type Column, renderTable} from './table.ts'
import type {Terminal, Tone} from './terminal.ts'

/** Untrusted text. */
export interface ServiceLines {
  readonly cluster: string
  readonly counts: Readonly<Record<string, number>>
  readonly services: readonly ServiceRow[]
}

type Style = Pick<Terminal, 'decorated' | 'paint' | 'width'>

const TONES: Readonly<Record<string, Tone>> = {
  ok: 'good',
  up: 'good',
  permitted: 'good',
  'self-hosted': 'good',
  degraded: 'warning',
  unknown: 'warning',
  critical: 'bad',
  down: 'bad',
  refused: 'bad',
  failed: 'bad',
  'not-tried': 'dim',
}

export function toneOf(word: string): Tone | undefined {
  return TONES[word]
}

/** A table with the accounts and a summary below it; in a pipe one record a service, with everything. */
export function renderServices({cluster, counts, services}: ServiceLines, style: Style, now: number): string {
  if (!style.decorated) return renderTable(RECORD, services, style)
  const accounts = [...new Set(services.flatMap(({accountId}) => accountId ?? []))]
  const problems = services.flatMap(({service, problems}) => problems.map((each) => `${service}: ${each}`))
  const summary = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => style.paint(toneOf(verdict) ?? 'strong', `${count} ${verdict}`))
  return [
    renderTable(columns(now), services, style),
    '',
    ...problems.map(printable),
    ...(problems.length > 0 ? [''] : []),
    ...accounts.map((account) => printable(`account ${account}`)),
    `${services.length} service${services.length === 1 ? '' : 's'} of ${printable(cluster)}: ${summary.join(', ')}`,
  ].join('\n')
}

const NAME: Column<ServiceRow> = {header: 'SERVICE', value: ({service}) => service}
const VERDICT: Column<ServiceRow> = {
  header: 'STATE',
  value: ({verdict}) => verdict,
  tone: ({verdict}) => toneOf(verdict),
}

function columns(now: number): readonly Column<ServiceRow>[] {
  const expiry = ({expiresAt, hasJwt}: ServiceRow): string => {
    if (expiresAt === null) return hasJwt ? 'never' : '-'
    return `${expiresAt.slice(0, 10)} (${relativeTime(Date.parse(expiresAt), now)})`
  }
  return [
    NAME,
    VERDICT,
    {header: 'EXPIRES', value: expiry},
    {header: 'USER', value: ({user}) => user ?? '-'},
    {header: 'HAS', value: has},
    {header: 'HOSTS', value: ({servers}) => String(servers.length), align: 'right'},
  ]
}

const RECORD: readonly Column<ServiceRow>[] = [
  NAME,
  VERDICT,
  {header: 'EXPIRES', value: ({expiresAt, hasJwt}) => expiresAt ?? (hasJwt ? 'never' : '-')},
  {header: 'DAYS', value: ({daysLeft}) => (daysLeft === null ? '-' : String(daysLeft))},
  {header: 'USER', value: ({user}) => user ?? '-'},
  {header: 'KEY', value: ({publicKey}) => publicKey ?? '-'},
  {header: 'ACCOUNT', value: ({accountId}) => accountId ?? '-'},
  {header: 'HAS', value: has},
  {header: 'HOSTS', value: ({servers}) => servers.join(',') || '-'},
  {header: 'PROBLEMS', value: ({problems}) => problems.join('; ') || '-'},
]

function has({hasHost, hasJwt, hasSeed}: ServiceRow): string {
  return [...(hasHost ? ['host'] : []), ...(hasJwt ? ['jwt'] : []), ...(hasSeed ? ['seed'] : [])].join('+')
}

/** Which NATS each module uses. */
export interface UseLine {
  readonly module: string
  readonly line: number
  readonly uses: string
  readonly detail: string
}

export function renderUses(uses: readonly UseLine[], style: Style): string {
  const columns: readonly Column<UseLine>[] = [
    {header: 'LINE', value: ({line}) => String(line), align: 'right'},
    {header: 'MODULE', value: ({module}) => module || '-'},
    {header: 'USES', value: ({uses}) => uses, tone: ({uses}) => toneOf(uses)},
    {header: 'REFERENCE', value: ({detail}) => detail},
  ]
  return renderTable(columns, uses, style)
}

/** As patch reads it in a pipe; on a terminal coloured, its control characters made visible. */
export function renderDiff(diff: string, {decorated, paint}: Style): string {
  if (!decorated) return diff.replace(/\n$/, '')
  return diff
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .map((line) => {
      const tone = line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : 'dim'
      return paint(tone, line.split('\t').map(printable).join('\t'))
    })
    .join('\n')
}
