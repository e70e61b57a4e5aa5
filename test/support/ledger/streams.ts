import {setTimeout as delay} from 'node:timers/promises'

export const ledgerStreams = {file: 'LEDGER_FILE', memory: 'LEDGER_MEMORY', interest: 'LEDGER_INTEREST'} as const
export const READER = 'ledger-reader'

/** The same act until the servers take it: right after a change they may refuse for a moment. */
export async function insist<T>(act: () => Promise<T>, limitMs = 60_000): Promise<T> {
  const deadline = performance.now() + limitMs
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await delay(200)
  }
}

export function subjectOf(stream: string): string {
  return stream.toLowerCase().replace('_', '.')
}

export function numberOf(data: Uint8Array): number {
  return Number.parseInt(Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, 20)).toString(), 10)
}
