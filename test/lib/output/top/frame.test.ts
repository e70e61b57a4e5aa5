import assert from 'node:assert/strict'
import type {TopLook} from '../../../../src/lib/domain/top/look.ts'
import {advance, type TopModel} from '../../../../src/lib/domain/top/model.ts'
import {FIRST_SCREEN, type ScreenState, TOP_VIEWS} from '../../../../src/lib/domain/top/screen.ts'
import {displayWidth} from '../../../../src/lib/output/table.ts'
import {drawFrame, roomOf} from '../../../../src/lib/output/top/frame.ts'
import {sparkline} from '../../../../src/lib/output/top/sparkline.ts'
import {addStream, type Bend, bendAll, bendServer, bendStream, silence} from '../../../support/bends.ts'
import {assertGolden} from '../../../support/golden.ts'
import {healthyObservation, NOW, testSettings} from '../../../support/observations.ts'

const HOSTILE = `\u001b[2J\u001b]0;owned\u0007\u202e日本語${'long'.repeat(50)}`

const trouble: Bend = bendAll(
  silence('n3'),
  bendServer('n1', {inMsgs: 25_000, outMsgs: 7000, inBytes: 5_000_000, slowConsumers: 4}),
  bendServer('n2', {outMsgs: 5007}),
  ...['n1', 'n2'].map((node) =>
    bendStream('orders', node, (replica) => ({...replica, state: {...replica.state, lastSeq: 1500, messages: 1500}})),
  ),
)

function look(seconds: number, bend: Bend): TopLook {
  const at = NOW + seconds * 1000
  const rows = [
    {id: 7, name: 'worker', slow: false, pendingBytes: 0, outMessages: 40 * seconds},
    {id: 8, name: HOSTILE, slow: true, pendingBytes: 70_000, outMessages: 0},
  ].map((each) => ({
    ...each,
    server: 'n1',
    kind: 'Client',
    account: 'APP',
    accountId: 'APP',
    user: null,
    ip: '10.0.0.9',
    port: 4000,
    language: 'go',
    version: '1',
    subscriptions: 1,
    inMessages: 100,
    inBytes: 1000,
    outBytes: 500,
    rttMs: 1.5,
    stalls: null,
    uptimeSeconds: 60 + seconds,
    idleSeconds: 0,
  }))
  return {
    observation: bend(healthyObservation(testSettings(), at)),
    connections: {at, rows, cannotSee: []},
    warnings: [],
  }
}

const model: TopModel = advance(
  advance(undefined, look(0, addStream('audit'))),
  look(2, bendAll(addStream('audit'), trouble)),
)
const plain = {paint: (_tone: string, text: string): string => text, cluster: 'nats-prod', intervalMs: 2000}
const painted = {...plain, paint: (tone: string, text: string): string => `<${tone}>${text}</>`}

const draw = (state: Partial<ScreenState>, width = 80, height = 24, of = model) =>
  drawFrame(of, {...FIRST_SCREEN, ...state}, {...plain, width, height})

describe('the frame of the live view', () => {
  for (const view of TOP_VIEWS) {
    it(`shows ${view} on 80x24`, () => assertGolden(`top/${view}.screen.txt`, `${draw({view}).join('\n')}\n`))
  }

  it('shows help, and that it is paused', () => {
    assertGolden('top/help.screen.txt', `${draw({help: true, paused: true}).join('\n')}\n`)
  })

  it('tells a meta group without a leader from one that nobody told about', () => {
    const title = (metaClaims: readonly string[] | null): string | undefined =>
      draw({}, 120, 24, {...model, metaLeader: null, metaClaims})[0]?.split('  ')[3]
    assert.equal(title([]), 'NO META LEADER')
    assert.equal(title(null), 'meta leader unknown')
    assert.equal(title(['n2']), 'leader n2, not confirmed')
    assert.equal(title(['n1', 'n2']), 'META LEADERS n1, n2')
  })

  it('has as many lines as the window, none wider, at any size, and nothing that moves the cursor', () => {
    const hostile = advance(model, look(4, bendAll(addStream(HOSTILE, {consumers: [{name: HOSTILE}]}), trouble)))
    for (const view of TOP_VIEWS) {
      for (const [width, height] of [
        [80, 24],
        [60, 10],
        [61, 11],
        [100, 30],
        [132, 43],
        [200, 60],
        [59, 24],
        [80, 9],
        [3, 2],
      ] as const) {
        const lines = draw({view, filter: 'o'}, width, height, hostile)
        assert.equal(lines.length, height)
        for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e]/)
        const head = [...lines.slice(0, 4), ...lines.slice(-1)]
        for (const line of head) assert.ok(displayWidth(line) <= width, `${width}: ${line}`)
      }
    }
  })

  it('says that the window is too small, and which size it needs', () => {
    assert.deepEqual(draw({}, 59, 12)[0], 'the window is 59x12: top needs 60x10')
  })

  it('says what it waits for before anything was seen', () => {
    assert.deepEqual(
      drawFrame(undefined, FIRST_SCREEN, {...plain, width: 80, height: 24})[4],
      'looking at every node ...',
    )
    const {observation} = look(6, (same) => same)
    const unasked = advance(model, {observation, connections: undefined, warnings: []})
    assert.equal(draw({view: 'connections'}, 80, 24, unasked)[4], 'asking for the connections ...')
  })

  it('paints what is wrong, and says it in words too', () => {
    const text = drawFrame(model, FIRST_SCREEN, {...painted, width: 160, height: 24}).join('\n')
    for (const part of ['<bad>3 nodes, 1 DOWN</>', '<bad>DOWN</>', '<bad>SLOW +4</>', '<bad>slow 4</>']) {
      assert.ok(text.includes(part), part)
    }
  })

  it('filters by any name, whatever case, and says what it filters by', () => {
    const lines = draw({view: 'streams', filter: 'AUD'})
    assert.match(lines[23] ?? '', /^filter: AUD {2}Esc clears it {2}q quit/)
    assert.deepEqual(
      lines.slice(5, 7).map((line) => line.split(' ')[0]),
      ['audit', ''],
    )
    assert.equal(draw({view: 'streams', filter: 'zzz'})[4], 'no streams with zzz in a name')
    assert.equal(roomOf(model, {...FIRST_SCREEN, view: 'streams', filter: 'aud'}, {width: 80, height: 24}).rows, 1)
  })

  it('shows the last page where rows went away below', () => {
    assert.match(draw({view: 'streams', offset: 500}).join('\n'), /orders/)
  })
})

describe('a sparkline', () => {
  it('shows the last rates against their largest, and what nobody knows as a dot', () => {
    assert.equal(sparkline([100, null, 0, 50, 10], 4), '·▁█▂')
    assert.equal(sparkline([0, 0], 4), '▁▁  ')
    assert.equal(sparkline([], 3), '   ')
  })
})
