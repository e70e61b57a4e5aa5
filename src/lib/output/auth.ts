import {printable} from '../domain/printable.ts'
import {renderFields} from './fields.ts'
import {relativeTime} from './format.ts'
import {type Column, renderTable, type TableStyle} from './table.ts'
import type {Terminal} from './terminal.ts'

/** The reports as they are shown, so that output need not know where they come from. */
export interface StepView {
  readonly what: string
  readonly name: string
  readonly place: string
  readonly change: string
}

const CHANGES: Readonly<Record<string, 'good' | 'warning' | 'dim'>> = {made: 'good', replaced: 'warning', kept: 'dim'}

/** What is done, in its order. Holds no secret. */
export function renderSteps(steps: readonly StepView[], style: TableStyle): string {
  const columns: readonly Column<StepView>[] = [
    {header: 'CHANGE', value: ({change}) => change, tone: ({change}) => CHANGES[change]},
    {header: 'WHAT', value: ({what}) => what},
    {header: 'NAME', value: ({name}) => name, whole: true},
    {header: 'PLACE', value: ({place}) => place, whole: true},
  ]
  return renderTable(columns, steps, style)
}

export interface UserRowView {
  readonly user: string
  readonly account: string
  readonly publicKey: string | null
  readonly state: string
  readonly issuedAt: string | null
  readonly expiresAt: string | null
  readonly problem: string | null
}

const STATES: Readonly<Record<string, 'good' | 'warning' | 'bad' | 'dim'>> = {
  current: 'good',
  replaced: 'warning',
  revoked: 'dim',
  missing: 'bad',
  wrong: 'bad',
}

/** A line a key, then one for each problem. */
export function renderUsers(users: readonly UserRowView[], now: number, style: TableStyle): string {
  const time = (at: string | null, none: string): string => {
    if (at === null) return none
    return style.decorated ? relativeTime(Date.parse(at), now) : at
  }
  const columns: readonly Column<UserRowView>[] = [
    {header: 'STATE', value: ({state}) => state, tone: ({state}) => STATES[state]},
    {header: 'USER', value: ({user}) => user, whole: true},
    {header: 'ACCOUNT', value: ({account}) => account},
    {header: 'ISSUED', value: ({issuedAt}) => time(issuedAt, '-')},
    {header: 'EXPIRES', value: ({expiresAt, publicKey}) => time(expiresAt, publicKey === null ? '-' : 'never')},
    {header: 'KEY', value: ({publicKey}) => publicKey ?? '-'},
  ]
  const problems = users.flatMap(({user, problem}) => {
    if (problem === null) return []
    return [style.decorated ? `the credentials of ${user} ${problem}` : ['problem', user, problem].join('\t')]
  })
  return [
    renderTable(columns, users, style),
    ...problems.map((line) => line.split('\t').map(printable).join('\t')),
  ].join('\n')
}

export interface ReloadView {
  readonly preload: string
  readonly prepare: readonly string[]
  readonly nodes: readonly {
    readonly node: string
    readonly host: string
    readonly place: string
    readonly commands: readonly string[]
  }[]
  readonly verify: readonly string[]
}

/** The steps as a list to go through; in a pipe one a line: step, node, text. */
export function renderReload({prepare, nodes, verify}: ReloadView, {decorated}: Pick<TableStyle, 'decorated'>): string {
  const copy = (node: string, place: string): string => `deploy/nodes/${node}/preload.json to ${place}`
  const rows: readonly (readonly [step: string, node: string, text: string])[] = [
    ...prepare.map((text) => ['prepare', '', text] as const),
    ['prepare', '', 'give the new preload.json to whatever new instances start from, before anything else'],
    ...nodes.flatMap(({node, place, commands}) => [
      ['copy', node, copy(node, place)] as const,
      ...commands.map((text) => ['run', node, text] as const),
    ]),
    ...verify.map((text) => ['verify', '', text] as const),
  ]
  if (!decorated) return rows.map((row) => row.map(printable).join('\t')).join('\n')
  const lines: string[] = []
  let before = ''
  for (const [step, node, text] of rows) {
    const title = node === '' ? step : node
    if (title !== before) lines.push(`${printable(title)}:`)
    lines.push(`  ${step === 'copy' ? 'copy ' : ''}${printable(text)}`)
    before = title
  }
  return lines.join('\n')
}

export interface UserChangeView {
  readonly user: string
  readonly account: string
  readonly place: string
  readonly change: string
  readonly publicKey: string | null
  readonly replaces: string | null
  readonly expiresAt: string | null
}

export function renderUserChange(
  {user, account, place, change, publicKey, replaces, expiresAt}: UserChangeView,
  style: Pick<Terminal, 'decorated' | 'paint'>,
): string {
  return renderFields(
    [
      ['change', change],
      ['user', user],
      ['account', account],
      ['place', place],
      ['key', publicKey ?? []],
      ['replaces', replaces ?? []],
      ['expires', expiresAt ?? 'never'],
    ],
    style,
  )
}
