/**
 * Reading a log of any length through answers of limited length. AWS keeps the beginning of what a command prints, so
 * a page is read from a place on, and the next one from the end of what arrived whole.
 */

/** Untrusted text; may have several lines. */
export interface LogEntry {
  /** Milliseconds since the epoch, with decimals; null where the log does not say. */
  readonly at: number | null
  readonly text: string
}

/** Where to read on: a time of the journal (seconds, as it printed it) with how many entries of it are known, or a line. */
export type LogPlace =
  | {readonly kind: 'journal'; readonly unit: string; readonly seconds: string; readonly known: number}
  | {readonly kind: 'file'; readonly path: string; readonly line: number}

export interface LogPage {
  readonly entries: readonly LogEntry[]
  /** The very same place where there is nothing more. */
  readonly next: LogPlace
}

/** The command that prints the log from this place on. */
export function pageCommand(place: LogPlace): readonly string[] {
  if (place.kind === 'file') return ['tail', '-n', `+${place.line}`, place.path]
  const {unit, seconds} = place
  return ['journalctl', '-u', unit, '--since', `@${seconds}`, '-o', 'short-unix', '--no-pager']
}

/** What a page holds. `cut`: AWS kept only its beginning. `isLast`: nobody will read on, so half a line is a line. */
export function readPage(
  place: LogPlace,
  stdout: string,
  {cut, isLast}: {readonly cut: boolean; readonly isLast: boolean},
): LogPage {
  const text = cut ? stdout.replace(/\n?-+(output|error) truncated-+\s*$/i, '') : stdout
  return place.kind === 'file' ? readFilePage(place, text, {cut, isLast}) : readJournalPage(place, text, cut)
}

function readFilePage(
  place: Extract<LogPlace, {kind: 'file'}>,
  text: string,
  {cut, isLast}: {readonly cut: boolean; readonly isLast: boolean},
): LogPage {
  const lines = text.split('\n')
  const rest = lines.pop() ?? ''
  // A line longer than a page would be read again and again.
  const isWhole = rest !== '' && ((isLast && !cut) || (cut && lines.length === 0))
  const whole = isWhole ? [...lines, rest] : lines
  return {
    entries: whole.map((line) => ({at: null, text: line})),
    next: {...place, line: place.line + whole.length},
  }
}

interface Timed {
  readonly seconds: string
  readonly text: string
}

function readJournalPage(place: Extract<LogPlace, {kind: 'journal'}>, text: string, cut: boolean): LogPage {
  const all = readJournal(text)
  const isKnown = ({seconds}: Timed, index: number): boolean => seconds === place.seconds && index < place.known
  const fresh = all.filter((entry, index) => !isKnown(entry, index))
  const [first] = fresh
  // The last one may have lost its end; the only one would be read again and again, and is whole where another has begun.
  const isBegun = fresh.length === 1 && BEGUN.test(first?.text ?? '')
  const whole = cut && fresh.length > 1 ? fresh.slice(0, -1) : fresh.map((each) => (cut ? withoutBegun(each) : each))
  const last = whole.at(-1)
  if (!last || !first) {
    // More shares one moment than a page holds: what is left of it cannot be had.
    const isStuck = cut && all.length > 0
    return {entries: [], next: isStuck ? {...place, seconds: justAfter(place.seconds), known: 0} : place}
  }
  const entries = whole.map((entry) => ({at: Number(entry.seconds) * 1000, text: entry.text}))
  if (cut && fresh.length === 1 && !isBegun)
    return {entries, next: {...place, seconds: justAfter(last.seconds), known: 0}}
  const ofLast = whole.filter(({seconds}) => seconds === last.seconds).length
  const known = last.seconds === place.seconds ? place.known + ofLast : ofLast
  return {entries, next: {...place, seconds: last.seconds, known}}
}

/** The beginning of an entry that a page has cut off before it can be told from a further line of the one before. */
const BEGUN = /\n\d+(\.\d{0,6}( \S*)?)?$/

function withoutBegun({seconds, text}: Timed): Timed {
  return {seconds, text: text.replace(BEGUN, '')}
}

/** `1700000000.123456 host program[1]: text`; what has no time of its own belongs to the entry before. */
function readJournal(text: string): readonly Timed[] {
  const entries: {seconds: string; text: string}[] = []
  for (const line of text.split('\n')) {
    const [, seconds, said] = /^(\d+\.\d{6}) \S+ (.*)$/s.exec(line) ?? []
    const last = entries.at(-1)
    if (seconds !== undefined && said !== undefined) entries.push({seconds, text: said})
    else if (last && line !== '' && !/^-- .* --$/.test(line)) last.text += `\n${line}`
  }
  return entries
}

/** A microsecond later: whole numbers, for a double does not hold the sum. */
function justAfter(seconds: string): string {
  const [whole = '0', part = '0'] = seconds.split('.')
  const micros = BigInt(whole) * 1_000_000n + BigInt(part) + 1n
  return `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, '0')}`
}
