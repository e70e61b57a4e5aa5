import {ServiceFailure} from './failure.ts'
import type {Input} from './input.ts'

/** What a filter of one name looks at; any of these values may match any of the filter's. */
export type Filter<T> = (item: T) => readonly string[]

export interface FilterRequest {
  readonly name: string
  readonly patterns: readonly RegExp[]
}

/** `Filter.1.Name`, `Filter.1.Value.1` ...; a name nobody knows is refused, a tag nobody has matches nothing. */
export function readFilters(input: Input, known: readonly string[]): readonly FilterRequest[] {
  return input.structures('Filter').map((filter) => {
    const name = filter.required('Name')
    if (!known.includes(name) && !(name.startsWith('tag:') && known.includes('tag-key'))) {
      throw new ServiceFailure('InvalidParameterValue', `The filter '${name}' is invalid`)
    }
    const values = filter.texts('Value')
    if (values.length === 0) {
      throw new ServiceFailure('InvalidParameterValue', `The filter '${name}' has no value`)
    }
    return {name, patterns: values.map(toPattern)}
  })
}

/** All filters must match, each by one of its values. */
export function matches<T>(
  item: T,
  filters: readonly FilterRequest[],
  valuesOf: Readonly<Record<string, Filter<T>>>,
): boolean {
  return filters.every(({name, patterns}) => {
    const values = valuesOf[name]?.(item) ?? []
    return values.some((value) => patterns.some((pattern) => pattern.test(value)))
  })
}

/** `*` stands for any text, `?` for one character, a backslash takes the meaning from what follows. */
function toPattern(value: string): RegExp {
  const source = value.replaceAll(/\\([\s\S])|[\s\S]/g, (one, escaped: string | undefined) => {
    if (escaped !== undefined) return quote(escaped)
    if (one === '*') return '.*'
    return one === '?' ? '.' : quote(one)
  })
  return new RegExp(`^${source}$`, 's')
}

function quote(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
