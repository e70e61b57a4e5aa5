import {humanDuration} from '../../domain/quantity.ts'
import {type Column, renderTable, type TableStyle} from '../table.ts'

/** One fault of a lab, as `lab fault list` shows it. */
export interface FaultRow {
  readonly name: string
  readonly about: string
  readonly active: readonly {
    readonly node: string | undefined
    readonly value: string
    readonly count: number | undefined
    readonly struck: number
    readonly endsAt: number | undefined
  }[]
}

/** One line a fault, and one for each node where it is on for some only. Without a final newline. */
export function renderFaults(faults: readonly FaultRow[], now: number, style: TableStyle): string {
  const lines = faults.flatMap(({name, about, active}): readonly Line[] => {
    if (active.length === 0) return [{name, state: 'off', what: about}]
    return active.map(({node, value, count, struck, endsAt}) => {
      const rest = [
        ...(count === undefined ? [] : [`${count - struck} more`]),
        ...(endsAt === undefined ? [] : [`for ${humanDuration(Math.max(0, endsAt - now))}`]),
      ]
      return {name, state: [`on ${node ?? 'all'}`, ...rest].join(', '), what: value === '' ? about : value}
    })
  })
  return renderTable(columns, lines, style)
}

interface Line {
  readonly name: string
  readonly state: string
  /** The value of a fault that is on, else what the fault is. */
  readonly what: string
}

const columns: readonly Column<Line>[] = [
  {header: 'FAULT', value: ({name}) => name, whole: true},
  {header: 'STATE', value: ({state}) => state, tone: ({state}) => (state === 'off' ? undefined : 'bad'), whole: true},
  {header: 'WHAT GOES WRONG', value: ({what}) => what},
]
