import assert from 'node:assert/strict'
import {stripVTControlCharacters} from 'node:util'
import type {SourceNote} from '../../src/lib/domain/reports/source.ts'
import {Exit, InterruptedError, OpsError} from '../../src/lib/errors.ts'
import {
  type Fetched,
  type Listing,
  ListingCommand,
  type ListingSource,
  listingFlags,
} from '../../src/lib/listing-command.ts'
import {FakeMachine, FakeParameterStore} from '../support/fakes.ts'
import {type Outcome, runCommand} from '../support/run.ts'

interface Berry {
  readonly name: string
  readonly count: number
}

const NOTE: SourceNote = {kind: 'account', description: 'account PIVOT', cannotSee: ['other accounts']}
const BERRIES: readonly Berry[] = [
  {name: 'cherry', count: 2000},
  {name: 'acai', count: 30},
  {name: 'sloe\u001b[2J', count: 7},
]
const LOST = new OpsError('contact lost', {code: 'NATS_CONTACT_LOST', exit: Exit.unreachable})

/** Each look takes the next of these; at the look after the last one the operator presses Ctrl-C. */
function berryCommand(
  looks: readonly (readonly Berry[] | Error)[],
  changes: Partial<Listing<Berry, ListingSource>> = {},
) {
  const opened: string[] = []
  const interruption = new AbortController()
  let taken = 0
  const fetch = async (): Promise<Fetched<Berry>> => {
    const rows = looks[taken++]
    if (rows instanceof Error) throw rows
    if (rows === undefined) {
      interruption.abort(new InterruptedError('SIGINT'))
      return new Promise<never>(() => {})
    }
    return {
      source: NOTE,
      at: Date.parse('2026-01-02T03:04:05.250Z') + taken * 1000,
      rows,
      totals: {berries: rows.length},
    }
  }
  class Berries extends ListingCommand {
    static override flags = listingFlags
    async run() {
      const {flags} = await this.parse(Berries)
      const ctx = {...(await this.clusterContext(flags)), signal: interruption.signal}
      return this.present(ctx, flags, {
        noun: 'berries',
        columns: [
          {key: 'name', header: 'NAME', kind: 'text', value: ({name}) => name},
          {key: 'count', header: 'COUNT', kind: 'count', value: ({count}) => count},
        ],
        open: async () => {
          opened.push('open')
          return {close: async () => void opened.push('closed')}
        },
        fetch,
        ...changes,
      })
    }
  }
  return {Berries, opened}
}

type Command = ReturnType<typeof berryCommand>['Berries']

async function run(Command: Command, argv: readonly string[], columns?: number): Promise<Outcome> {
  using machine = new FakeMachine()
  const wiring = machine.wiring(new FakeParameterStore(), {NO_COLOR: '1'})
  return runCommand(Command, ['--cluster', 'prod', ...argv], wiring, columns === undefined ? {} : {columns})
}

async function look(argv: readonly string[], columns?: number): Promise<readonly [string, string, number]> {
  const {stdout, stderr, exitCode} = await run(berryCommand([BERRIES]).Berries, argv, columns)
  return [stdout, stderr, exitCode]
}

const SOURCE = 'source: account PIVOT\nnot seen: other accounts\n'

describe('a report that is a list', () => {
  it('is records in a pipe, and says on stderr where they come from', async () => {
    assert.deepEqual(await look([]), ['cherry\t2000\nacai\t30\nsloe\\x1b[2J\t7\n', SOURCE, 0])
  })

  it('is a table on a terminal, with what stands below it', async () => {
    const {Berries} = berryCommand([BERRIES], {below: ({totals}) => JSON.stringify(totals)})
    const {stdout} = await run(Berries, [], 80)
    assert.equal(
      stripVTControlCharacters(stdout),
      'NAME         COUNT\ncherry       2,000\nacai            30\nsloe\\x1b[2J      7\n\n{"berries":3}\n',
    )
  })

  it('is CSV on demand', async () => {
    assert.deepEqual(await look(['--csv']), ['name,count\r\ncherry,2000\r\nacai,30\r\nsloe\\x1b[2J,7\r\n', SOURCE, 0])
  })

  it('is one document under --json, silent otherwise', async () => {
    const [stdout, stderr] = await look(['--json', '--sort', 'name', '--top', '1'])
    assert.deepEqual(
      [JSON.parse(stdout), stderr],
      [
        {
          cluster: 'prod',
          source: NOTE,
          at: '2026-01-02T03:04:06.250Z',
          berries: [{name: 'acai', count: 30}],
          totals: {berries: 3},
        },
        '',
      ],
    )
  })

  it('orders and cuts the rows', async () => {
    assert.deepEqual(await look(['--sort', '-count', '--top', '2']), ['cherry\t2000\nacai\t30\n', SOURCE, 0])
    assert.deepEqual(await look(['--sort=-name', '--top', '1']), ['sloe\\x1b[2J\t7\n', SOURCE, 0])
  })

  it('says that there is nothing, and a CSV still has its header', async () => {
    const {stdout, stderr} = await run(berryCommand([[]]).Berries, ['--csv'])
    assert.deepEqual([stdout, stderr], ['name,count\r\n', `no berries\n${SOURCE}`])
  })

  it('prints batch by batch where nothing has to be kept', async () => {
    async function* stream(): AsyncGenerator<readonly Berry[], SourceNote> {
      yield BERRIES.slice(0, 1)
      yield []
      yield BERRIES.slice(1)
      return NOTE
    }
    const {Berries} = berryCommand([], {stream})
    const {stdout, stderr} = await run(Berries, ['--csv'])
    assert.deepEqual([stdout, stderr], ['name,count\r\ncherry,2000\r\nacai,30\r\nsloe\\x1b[2J,7\r\n', SOURCE])
  })

  it('refuses what contradicts itself before it asks anybody', async () => {
    const cases: readonly [readonly string[], RegExp][] = [
      [['--sort', 'cuont'], /^error: --sort cuont: there is no column "cuont", did you mean count\?\n/],
      [['--csv', '--json'], /--json cannot be given together with --csv/],
      [['--interval', '5s'], /^error: --interval is only for --watch\n/],
      [['--watch', '--interval', '10ms'], /^error: --interval 10ms is too short/],
      [['--watch', '--interval', 'soon'], /--interval/],
      [['--top', '0'], /--top/],
      [['--source', 'gossip'], /--source/],
    ]
    for (const [argv, message] of cases) {
      const {Berries, opened} = berryCommand([])
      const {stdout, stderr, exitCode} = await run(Berries, argv)
      assert.match(`${stderr}${stdout}`, message)
      assert.deepEqual([exitCode, opened], [2, []], argv.join(' '))
    }
  })
})

describe('a report that is watched', () => {
  it('appends records with the time of their look in a pipe, until Ctrl-C', async () => {
    const {Berries, opened} = berryCommand([BERRIES.slice(0, 1), [], BERRIES.slice(1, 2)])
    const {stdout, stderr, exitCode} = await run(Berries, ['--watch'])
    assert.deepEqual(
      [stdout, stderr, exitCode, opened.length],
      ['2026-01-02T03:04:06.250Z\tcherry\t2000\n2026-01-02T03:04:08.250Z\tacai\t30\n', SOURCE, 130, 1],
    )
  })

  it('has one header in a CSV', async () => {
    const {stdout} = await run(berryCommand([BERRIES.slice(0, 1), BERRIES.slice(1, 2)]).Berries, ['--watch', '--csv'])
    assert.equal(
      stdout,
      'at,name,count\r\n2026-01-02T03:04:06.250Z,cherry,2000\r\n2026-01-02T03:04:07.250Z,acai,30\r\n',
    )
  })

  it('is one document a line under --json, and a failed look is one of them', async () => {
    const {Berries, opened} = berryCommand([[], LOST, BERRIES.slice(0, 1)])
    const {stdout, stderr, exitCode} = await run(Berries, ['--watch', '--json'])
    const lines = stdout.trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).berries ?? JSON.parse(line).error.code),
      [[], 'NATS_CONTACT_LOST', [BERRIES[0]]],
    )
    assert.deepEqual([stderr, exitCode, opened], ['', 130, ['open', 'closed', 'open']])
  })

  it('ends where the first look fails, and tries again after a later one', async () => {
    const first = await run(berryCommand([LOST]).Berries, ['--watch'])
    assert.deepEqual([first.stderr, first.exitCode], ['error: contact lost\n', 7])
    const later = await run(berryCommand([[], LOST, []]).Berries, ['--watch'])
    assert.deepEqual([later.stderr, later.exitCode], [`${SOURCE}error: contact lost\n`, 130])
  })

  it('draws a screen over itself, cut to its height, and gives the cursor back', async () => {
    const many = Array.from({length: 50}, (_, count) => ({name: `n${count}`, count}))
    const {stdout} = await run(berryCommand([many, many]).Berries, ['--watch'], 80)
    const [first = '', second = ''] = stdout.split('\u001b[23A\r')
    assert.ok(stdout.endsWith('\u001b[?25h'))
    assert.equal(second.includes('and 32 more lines than fit'), true)
    const lines = stripVTControlCharacters(first).trimEnd().split('\n')
    assert.equal(lines.length, 23)
    assert.deepEqual(lines.slice(-4), [
      'and 32 more lines than fit',
      'source: account PIVOT',
      'not seen: other accounts',
      '2026-01-02T03:04:06.250Z',
    ])
  })
})
