import type {Config} from '@oclif/core'
import * as Flags from '@oclif/core/flags'
import * as ux from '@oclif/core/ux'
import {clusterFlags, NatsopsCommand, type ParsedClusterFlags, type Wiring} from './command.ts'
import type {ClusterContext} from './context.ts'
import {chooseOwner} from './domain/credentials.ts'
import {printable, printableJson} from './domain/printable.ts'
import type {Reported, SourceKind, SourceNote} from './domain/reports/source.ts'
import {describe, Exit, messageOf, OpsError, UsageError} from './errors.ts'
import {orInterrupted} from './ops/interruption.ts'
import {NODE_SOURCES, type OpenedSource, openSource} from './ops/reports/source.ts'
import {csvHeader, csvRecord, type ListingColumn, parseSort, renderListing, sortRows} from './output/listing.ts'
import {openWatchedScreen} from './output/listing-watch.ts'

/** Flags of every report that is a list. */
export const listingFlags = {
  ...clusterFlags,
  service: Flags.string({char: 's', summary: "credentials of this service, not the admin's", helpValue: 'NAME'}),
  source: Flags.string({
    options: ['system', 'account', 'monitor'],
    summary: 'ask this source and no other: system account, own account, monitor ports',
  }),
  csv: Flags.boolean({summary: 'print CSV: a header, exact values', exclusive: ['json']}),
  sort: Flags.string({
    summary: 'order by this column, -COLUMN for the largest first; several with commas',
    helpValue: 'COLUMN',
    parse: async (input) => input.replace(/^,/, ''),
  }),
  top: Flags.integer({min: 1, summary: 'only the first N rows', helpValue: 'N'}),
  watch: Flags.boolean({char: 'w', summary: 'look again and again, until Ctrl-C'}),
  interval: Flags.string({summary: 'time between two looks with --watch [default: 2s]', helpValue: 'DURATION'}),
}

const {service: _service, ...withoutService} = listingFlags

/** The same for what servers tell of themselves: no account's own API knows it, whoever asks. */
export const serverListingFlags = {
  ...withoutService,
  source: Flags.string({
    options: [...NODE_SOURCES],
    summary: 'ask this source and no other: system account, monitor ports',
  }),
}

export interface ParsedListingFlags extends ParsedClusterFlags {
  readonly service?: string | undefined
  readonly source?: string | undefined
  readonly csv: boolean
  readonly sort?: string | undefined
  readonly top?: number | undefined
  readonly watch: boolean
  readonly interval?: string | undefined
}

/** One look, its rows in their stable order: account, then name. */
export interface Fetched<Row> extends Reported<Row> {
  /** Of all rows, whatever --top leaves out. */
  readonly totals?: object
  /** Further public fields of the document. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** What a listing asks. */
export interface ListingSource {
  /** Ends its connections. */
  close(): Promise<void>
}

/** A report as a list: what it is called, what it shows, where it comes from. */
export interface Listing<Row, Source extends ListingSource> {
  /** Plural; the field of the rows under --json: `streams`. */
  readonly noun: string
  readonly columns: readonly ListingColumn<Row>[]
  /** Opened for the first look; after a look that failed it is closed, and opened again for the next. */
  readonly open: () => Promise<Source>
  readonly fetch: (source: Source) => Promise<Fetched<Row>>
  /** The rows batch by batch in their stable order, for output that keeps none of them; returns the source's note. */
  readonly stream?: ((source: Source) => AsyncGenerator<readonly Row[], SourceNote>) | undefined
  /** Text below the table on a terminal: totals, a second table. */
  readonly below?: (fetched: Fetched<Row>) => string
}

/** Public, under --json: `{cluster, source, at, <noun>: [...], totals?}`, times in RFC 3339. */
export interface ListingReport {
  readonly cluster: string
  readonly source: SourceNote
  readonly at: string
  readonly [field: string]: unknown
}

const DEFAULT_INTERVAL = '2s'
const SHORTEST_INTERVAL_MS = 100

/** What every report shares that is a list: table, records, CSV or JSON; order and number of rows; --watch. */
export abstract class ListingCommand extends NatsopsCommand<ListingReport | undefined> {
  constructor(argv: string[], config: Config, wiring: Wiring = {}) {
    super(shieldSort(argv), config, wiring)
  }

  /** Looks once, or with --watch until Ctrl-C, and shows what was seen. Undefined after --watch. */
  protected async present<Row, Source extends ListingSource>(
    ctx: ClusterContext,
    flags: ParsedListingFlags,
    listing: Listing<Row, Source>,
  ): Promise<ListingReport | undefined> {
    const intervalMs = this.#intervalOf(flags)
    if (flags.sort !== undefined) parseSort(listing.columns, flags.sort)
    let source: Promise<Source> | undefined
    const look = async (): Promise<Fetched<Row>> => {
      try {
        source ??= listing.open()
        return arrange(listing, flags, await orInterrupted(ctx.signal, source.then(listing.fetch)))
      } catch (error) {
        // After Ctrl-C the context closes everything, and nothing is waited for here.
        if (!ctx.signal.aborted) await source?.then((opened) => opened.close()).catch(() => {})
        source = undefined
        throw error
      }
    }
    if (flags.watch) return this.#watch(ctx, flags, listing, look, intervalMs)

    const {stream} = listing
    const streams = stream && !this.jsonEnabled() && !this.terminal.decorated && !flags.sort && !flags.top
    if (streams) {
      await this.#printStream(flags, listing, stream(await orInterrupted(ctx.signal, listing.open())), ctx.signal)
      return undefined
    }
    const waits = this.terminal.decorated && !this.jsonEnabled()
    const fetched = await (waits ? this.terminal.progress(`asking for ${listing.noun}`, look) : look())
    if (!this.jsonEnabled()) this.#print(ctx, flags, listing, fetched)
    return documentOf(ctx, listing, fetched)
  }

  /** Opens what --source names, else the best of these that answers. */
  protected sourceOf(
    ctx: ClusterContext,
    {service, source}: ParsedListingFlags,
    kinds?: readonly SourceKind[],
  ): () => Promise<OpenedSource> {
    const owner = chooseOwner(false, service === undefined ? undefined : this.configuration.service(service))
    return () => openSource(ctx, {force: source as SourceKind | undefined, owner, ...(kinds && {kinds})})
  }

  #intervalOf({watch, interval}: ParsedListingFlags): number {
    if (interval !== undefined && !watch) {
      throw new UsageError('--interval is only for --watch', [`add --watch, or leave out --interval ${interval}`])
    }
    const ms = this.configuration.duration('--interval', interval ?? DEFAULT_INTERVAL)
    if (ms < SHORTEST_INTERVAL_MS) throw new UsageError(`--interval ${interval} is too short: give at least 100ms`)
    return ms
  }

  /** One look to stdout, and to stderr where it comes from. */
  #print<Row, Source extends ListingSource>(
    ctx: ClusterContext,
    {csv}: ParsedListingFlags,
    {columns, noun, below}: Listing<Row, Source>,
    fetched: Fetched<Row>,
  ): void {
    const {terminal} = this
    const {rows, source} = fetched
    if (csv) this.#write([csvHeader(columns), ...rows.map((row) => csvRecord(columns, row))].join(''))
    else if (rows.length > 0) this.log(renderListing(columns, rows, terminal, ctx.clock.now()))
    if (rows.length === 0) terminal.say(`no ${noun}`)
    const rest = terminal.decorated && !csv ? below?.(fetched) : undefined
    if (rest) this.log(`\n${rest}`)
    for (const line of noteLines(source)) terminal.say(line)
  }

  async #printStream<Row, Source extends ListingSource>(
    {csv}: ParsedListingFlags,
    {columns, noun}: Listing<Row, Source>,
    batches: AsyncGenerator<readonly Row[], SourceNote>,
    signal: AbortSignal,
  ): Promise<void> {
    let isEmpty = true
    if (csv) this.#write(csvHeader(columns))
    for (;;) {
      const next = await orInterrupted(signal, batches.next())
      if (next.done) {
        if (isEmpty) this.terminal.say(`no ${noun}`)
        for (const line of noteLines(next.value)) this.terminal.say(line)
        return
      }
      if (next.value.length === 0) continue
      isEmpty = false
      if (csv) this.#write(next.value.map((row) => csvRecord(columns, row)).join(''))
      else this.#write(`${renderListing(columns, next.value, this.terminal, 0)}\n`)
    }
  }

  /**
   * A screen is drawn anew; a pipe gets the next records, each with the time of its look as first column; under --json
   * one document a line. What the first look fails with ends the command; a later one may fail and is tried again.
   */
  async #watch<Row, Source extends ListingSource>(
    ctx: ClusterContext,
    {csv}: ParsedListingFlags,
    listing: Listing<Row, Source>,
    look: () => Promise<Fetched<Row>>,
    intervalMs: number,
  ): Promise<undefined> {
    const {terminal} = this
    const {clock, signal} = ctx
    this.endWithReader()
    const redraws = terminal.decorated && !csv && !this.jsonEnabled()
    const screen = redraws ? openWatchedScreen(terminal) : undefined
    let note = ''
    let text = ''
    try {
      for (let looks = 1; ; looks += 1) {
        try {
          const fetched = await look()
          const at = momentOf(fetched.at)
          const lines = noteLines(fetched.source)
          if (this.jsonEnabled()) ux.stdout(printableJson(documentOf(ctx, listing, fetched)))
          else if (screen) {
            const table = renderListing(listing.columns, fetched.rows, terminal, clock.now())
            const rest = listing.below?.(fetched)
            text = rest ? `${table}\n\n${rest}` : table
            screen.draw(
              text,
              [...lines, at].map((line) => terminal.paint('dim', printable(line))),
            )
          } else {
            const timed: readonly ListingColumn<Row>[] = [
              {key: 'at', header: 'AT', kind: 'time', value: () => at},
              ...listing.columns,
            ]
            if (csv && looks === 1) this.#write(csvHeader(timed))
            if (csv) this.#write(fetched.rows.map((row) => csvRecord(timed, row)).join(''))
            else if (fetched.rows.length > 0) this.log(renderListing(timed, fetched.rows, terminal, clock.now()))
            // Said again only where it is something else.
            if (lines.join('\n') !== note) for (const line of lines) terminal.say(line)
            note = lines.join('\n')
          }
        } catch (error) {
          if (looks === 1 || signal.aborted || !(error instanceof OpsError)) throw error
          const message = messageOf(error)
          if (this.jsonEnabled()) ux.stdout(printableJson({error: describe(error)}))
          else if (screen) screen.draw(text, [terminal.paint('bad', printable(`error: ${message}`))])
          else terminal.say(`error: ${message}`)
        }
        await clock.sleep(intervalMs, signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
      process.exitCode = Exit.interrupted
    } finally {
      screen?.end()
    }
    return undefined
  }

  #write(text: string): void {
    this.terminal.screen.write(text)
  }
}

/** The parser would take the -stream of `--sort -stream` for the flag -s; the comma is taken away after it. */
function shieldSort(argv: readonly string[]): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  return argv.map((word, index) => {
    if (index >= end) return word
    if (word.startsWith('--sort=-')) return word.replace('=', '=,')
    return argv[index - 1] === '--sort' && word.startsWith('-') && !word.startsWith('--') ? `,${word}` : word
  })
}

function arrange<Row, Source extends ListingSource>(
  {columns}: Listing<Row, Source>,
  {sort, top}: ParsedListingFlags,
  fetched: Fetched<Row>,
): Fetched<Row> {
  const sorted = sort === undefined ? fetched.rows : sortRows(columns, fetched.rows, sort)
  return {...fetched, rows: top === undefined ? sorted : sorted.slice(0, top)}
}

function documentOf<Row, Source extends ListingSource>(
  {settings}: ClusterContext,
  {noun}: Listing<Row, Source>,
  {source, at, rows, totals, more}: Fetched<Row>,
): ListingReport {
  return {cluster: settings.name, source, at: momentOf(at), [noun]: rows, ...(totals && {totals}), ...more}
}

/** Where a report comes from and what it cannot see, one line each. Untrusted text. */
export function noteLines({description, cannotSee}: SourceNote): readonly string[] {
  return [`source: ${description}`, ...cannotSee.map((each) => `not seen: ${each}`)]
}

function momentOf(at: number): string {
  return new Date(at).toISOString()
}
