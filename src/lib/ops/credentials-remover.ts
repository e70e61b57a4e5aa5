/**
 * Waits for one file's time and removes it: `node credentials-remover.js LEDGER_FOLDER TOKEN`, detached from the
 * terminal that started it. An entry point of its own; the ledger says what to remove and when, so its arguments hold
 * no secret, and it ends early once the entry is gone. It looks at the wall clock now and then instead of sleeping
 * once, because timers stand still while a laptop sleeps.
 */
import {setTimeout as delay} from 'node:timers/promises'
import {discard, entryFile, readEntry, stateOf} from './credentials-ledger.ts'

const LOOK_EVERY_MS = 15_000

const [, , folder = '', token = ''] = process.argv
for (;;) {
  const entry = await readEntry(entryFile(folder, {token}))
  if (entry?.expiresAt === undefined) break
  const remaining = entry.expiresAt - Date.now()
  if (remaining <= 0) {
    const state = await stateOf(entry)
    // A later sweep finds it where it can be seen again.
    if (state !== 'hidden') await discard(folder, entry, state === 'ours')
    break
  }
  await delay(Math.min(remaining, LOOK_EVERY_MS))
}
