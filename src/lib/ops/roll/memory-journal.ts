import type {RollEvent} from '../../domain/roll/events.ts'
import type {RollJournal} from './ports.ts'

/** For what can be undone at any time: the lock alone says enough to whoever comes next. */
export function memoryJournal(): RollJournal {
  const events: RollEvent[] = []
  return {
    events: () => events,
    append: async (event) => void events.push(event),
  }
}
