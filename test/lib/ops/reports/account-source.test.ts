import assert from 'node:assert/strict'
import type {ApiPage} from '../../../../src/lib/clients/ports.ts'
import type {StreamSighting} from '../../../../src/lib/domain/reports/sightings.ts'
import {type AccountReportApi, openAccountSource} from '../../../../src/lib/ops/reports/account-source.ts'
import {listStreamsInPages} from '../../../../src/lib/ops/reports/asset-list.ts'
import {streamsInPages} from '../../../../src/lib/ops/reports/report-source.ts'
import {FakeClock} from '../../../support/fakes.ts'
import {consumerSighting, sighting} from '../../../support/report-looks.ts'

const account = {name: 'APP', id: 'AAPP'}

describe('reports from an account itself', () => {
  it('ask for every page of 256 once, several at a time, and sort what comes', async () => {
    const api = new FakeApi(Array.from({length: 600}, (_, n) => `S${String(n).padStart(3, '0')}`))
    const {rows} = await (await open(api)).streams()
    assert.deepEqual(
      rows.map(({stream}) => stream),
      api.names,
    )
    assert.deepEqual(api.offsets, [0, 256, 512])
    assert.equal(api.mostAtOnce, 2)
  })

  it('come page by page, in order, where nobody needs them all at once', async () => {
    const api = new FakeApi(Array.from({length: 600}, (_, n) => `S${String(n).padStart(3, '0')}`))
    api.missing.push('lost')
    const pages = streamsInPages(await open(api), {})
    const lengths: number[] = []
    const names: string[] = []
    let page = await pages.next()
    for (; !page.done; page = await pages.next()) {
      lengths.push(page.value.length)
      names.push(...page.value.map(({stream}) => stream))
    }
    assert.deepEqual([lengths, names], [[256, 256, 88], api.names])
    assert.equal(page.value.cannotSee[0], '1 asset whose leader did not answer: lost')
  })

  it('keep of a page what was asked for, and no page where all have to be seen first', async () => {
    const api = new FakeApi(Array.from({length: 600}, (_, n) => `S${String(n).padStart(3, '0')}`))
    const inPages = listStreamsInPages({patterns: ['S?5?', 'S001*']})
    assert.ok(inPages)
    const found: (readonly string[])[] = []
    for await (const page of inPages(await open(api))) found.push(page.map(({stream}) => stream))
    assert.deepEqual(
      found.map((names) => [names.length, names[0]]),
      [
        [27, 'S001'],
        [24, 'S256'],
        [10, 'S550'],
      ],
    )
    for (const wanted of [{patterns: ['S001']}, {leader: '1'}, {unackedOver: 0}, {unacknowledged: true}]) {
      assert.equal(listStreamsInPages({patterns: [], ...wanted}), undefined)
    }
  })

  it('look anew the second time', async () => {
    const api = new FakeApi(['a'])
    const source = await open(api)
    await source.streams()
    api.names.push('b')
    assert.equal((await source.streams()).rows.length, 2)
  })

  it('name what no leader answered for', async () => {
    const api = new FakeApi(['a'])
    api.missing.push('b', 'c')
    const {source} = await (await open(api)).streams()
    assert.deepEqual(source, {
      kind: 'account',
      description: 'account APP (AAPP)',
      cannotSee: [
        '2 assets whose leader did not answer: b, c',
        'other accounts',
        "what replicas have stored themselves: only their leaders' word",
        'the reason',
      ],
    })
  })

  it('ask about the consumers of one stream only, where only those are wanted', async () => {
    const api = new FakeApi(['a', 'b'])
    const {rows} = await (await open(api)).consumers({stream: 'b'})
    assert.deepEqual([rows.map(({stream, consumer}) => [stream, consumer]), api.asked], [[['b', 'of b']], ['b']])
  })

  it('refuse another account, and what no account can tell', async () => {
    const source = await open(new FakeApi([]))
    await assert.rejects(source.streams({account: 'OTHER'}), {
      code: 'ACCOUNT_NOT_FOUND',
      message: 'these credentials see account APP and not OTHER',
    })
    await assert.rejects(source.raftGroups(), {code: 'USAGE'})
    assert.deepEqual((await source.streams({account: 'AAPP'})).rows, [])
  })
})

async function open(api: FakeApi) {
  return openAccountSource(api, {clock: new FakeClock(), account, because: ['the reason'], first: await api.streams(0)})
}

/** Streams in pages, each page in its own time; counts how many are under way. */
class FakeApi implements AccountReportApi {
  readonly names: string[]
  readonly offsets: number[] = []
  readonly asked: string[] = []
  readonly missing: string[] = []
  mostAtOnce = 0
  #underWay = 0

  constructor(names: string[]) {
    this.names = names
  }

  async streams(offset: number): Promise<ApiPage<StreamSighting>> {
    this.offsets.push(offset)
    this.#underWay += 1
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay)
    await new Promise((resolve) => setImmediate(resolve))
    this.#underWay -= 1
    const items = this.names.slice(offset, offset + 256).map((name) => sighting(name, 'n1', {leader: 'n1'}))
    return {items, total: this.names.length, missing: this.missing}
  }

  async consumers({stream}: StreamSighting): ReturnType<AccountReportApi['consumers']> {
    this.asked.push(stream)
    return {items: [consumerSighting(`of ${stream}`, 'n1')], total: 1, missing: []}
  }

  async account(): Promise<never> {
    throw new Error('nobody asks for this')
  }
}
