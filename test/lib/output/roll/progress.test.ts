import assert from 'node:assert/strict'
import {stripVTControlCharacters} from 'node:util'
import type {RollEvent} from '../../../../src/lib/domain/roll/events.ts'
import {renderBlock} from '../../../../src/lib/output/roll/block.ts'
import {applyEvent, newModel} from '../../../../src/lib/output/roll/model.ts'
import {openRollProgress} from '../../../../src/lib/output/roll/progress.ts'
import {openRedraw} from '../../../../src/lib/output/roll/redraw.ts'
import {displayWidth} from '../../../../src/lib/output/table.ts'
import type {Conversation} from '../../../../src/lib/output/terminal.ts'
import {assertGolden} from '../../../support/golden.ts'
import {
  HOSTILE,
  heldRoll,
  identity,
  progress,
  replacement,
  START,
  waiting,
  wholeRoll,
} from '../../../support/roll-events.ts'

const NODES = ['nats-prod-node-2', 'nats-prod-node-3', 'nats-prod-node-1']
const [SECOND, THIRD, FIRST] = ['nats-prod-node-2', 'nats-prod-node-3', 'nats-prod-node-1'] as const

/** stderr of a test: a terminal of this width, or a pipe. */
function screen(changes: Partial<Conversation> = {}): Conversation & {text: string} {
  return {
    text: '',
    animated: true,
    quiet: false,
    width: 80,
    height: 24,
    paint: (_tone, text) => text,
    write(text) {
      this.text += text
    },
    ...changes,
  }
}

function modelOf(events: readonly RollEvent[]) {
  return events.reduce(applyEvent, newModel(NODES))
}

const block = (events: readonly RollEvent[], now: number, width = 80) =>
  renderBlock(modelOf(events), now, screen({width})).join('\n')

/** First node done, second in SYNC for ten seconds. */
function inSync(): {readonly events: readonly RollEvent[]; readonly now: number} {
  const first = replacement(SECOND, 2, START)
  const second = replacement(THIRD, 3, first.end, 'BOOTSTRAP')
  const at = second.end
  const now = at + 10_000
  const events: RollEvent[] = [
    ...first.events,
    ...second.events,
    {type: 'state', at, state: 'SYNC', node: THIRD},
    progress(THIRD, at, 0),
    progress(THIRD, now, 300_000_000),
    waiting('SYNC', THIRD, now, 'stream pivot_main on nats-prod-node-3: behind, holds up to 300,000 of 1,000,000'),
  ]
  return {events, now}
}

describe('the live block of a roll', () => {
  it('has one line a node, and under the one in SYNC its streams and what is waited for', () => {
    const {events, now} = inSync()
    assertGolden('roll/sync.screen.txt', `${block(events, now)}\n`)
  })

  it('shows how long the soak has lasted, and nothing of an earlier wait', () => {
    const {events, end} = replacement(SECOND, 2, START)
    const soaking: RollEvent = {type: 'soaking', at: end, node: SECOND, soakedMs: 61_000, settleMs: 120_000}
    assertGolden('roll/soak.screen.txt', `${block([...events, waiting('SOAK', SECOND, end, 'x'), soaking], end)}\n`)
  })

  it('fits any width and any height, whatever the names are', () => {
    const {events, now} = inSync()
    const hostile = events.map((event) => ('node' in event && event.node === THIRD ? {...event, node: HOSTILE} : event))
    for (const width of [30, 50, 80, 132]) {
      for (const list of [events, hostile as readonly RollEvent[]]) {
        for (const line of block(list, now, width).split('\n')) assert.ok(displayWidth(line) < width, line)
      }
    }
    assert.equal(renderBlock(modelOf(events), now, screen({height: 4})).length, 3)
  })

  it('lets no name reach the terminal as it is', () => {
    const events = [...heldRoll(HOSTILE).slice(0, -1), waiting('SYNC', `nats-prod-node-2${HOSTILE}`, START, HOSTILE)]
    assert.doesNotMatch(block(events, START), /[\u0000-\u0009\u000b-\u001f]|^error: fake/m)
  })

  it('shows a node that went back to waiting, and one that another driver has done', () => {
    const events: RollEvent[] = [
      {type: 'state', at: START, state: 'GATE', node: THIRD},
      {type: 'state', at: START + 1000, state: 'SELECT', node: undefined},
    ]
    const model = events.reduce(applyEvent, newModel([THIRD, FIRST], [SECOND]))
    assert.deepEqual(renderBlock(model, START + 1000, screen()), [
      'nats-prod-node-2  DONE               replaced before',
      'nats-prod-node-3  waiting',
      'nats-prod-node-1  waiting',
    ])
  })
})

describe('a block that is drawn over itself', () => {
  it('moves up by what it drew, writes each line over the old one, and clears what is left below', () => {
    const out = screen()
    const redraw = openRedraw(out)
    redraw.draw(['a', 'b'])
    redraw.draw(['c'])
    redraw.print('stays')
    redraw.end()
    assert.equal(
      out.text,
      [
        '\u001b[?25la\u001b[K\nb\u001b[K\n\u001b[J',
        '\u001b[2A\rc\u001b[K\n\u001b[J',
        '\u001b[1A\rstays\u001b[K\nc\u001b[K\n\u001b[J',
        '\u001b[?25h',
      ].join(''),
    )
  })

  it('counts the rows that its lines take after the window became narrower', () => {
    let width = 80
    const out = {
      ...screen(),
      get width() {
        return width
      },
    }
    const redraw = openRedraw(out)
    redraw.draw(['x'.repeat(60), 'y'])
    width = 25
    out.text = ''
    redraw.draw(['z'])
    assert.match(out.text, /^\u001b\[4A\r/)
  })

  it('gives the cursor back once, and only if it took it', () => {
    const out = screen()
    openRedraw(out).end()
    assert.equal(out.text, '')
  })
})

describe('the progress of a roll', () => {
  const run = (out: Conversation, events: readonly RollEvent[]) => {
    const shown = openRollProgress(out, {now: () => START, remaining: NODES})
    for (const event of events) shown.report(event)
    return shown
  }

  it('is a line with its time for every change in a pipe', () => {
    const out = screen({animated: false, width: Infinity})
    run(out, wholeRoll()).end()
    assertGolden('roll/progress.pipe.txt', out.text)
  })

  it('says in a pipe once what is waited for, again when it is something else, and after each state', () => {
    const out = screen({animated: false, width: Infinity})
    const wait = (reason: string, at: number) => waiting('SYNC', SECOND, START + at * 1000, reason)
    const state: RollEvent = {type: 'state', at: START, state: 'SYNC', node: SECOND}
    run(out, [
      ...[state, wait('stream a: 10 of 90', 1), wait('stream a: 20 of 90', 2), wait('stream b: 1 of 2', 3)],
      ...[wait('stream b: 2 of 2', 4), state, wait('stream b: 2 of 2', 5)],
    ])
    assert.deepEqual(
      out.text.split('\n').map((line) => line.slice(21)),
      [
        'nats-prod-node-2 SYNC',
        'nats-prod-node-2 SYNC waits for I2 every replica holds the data: stream a: 10 of 90',
        'nats-prod-node-2 SYNC waits for I2 every replica holds the data: stream b: 1 of 2',
        'nats-prod-node-2 SYNC',
        'nats-prod-node-2 SYNC waits for I2 every replica holds the data: stream b: 2 of 2',
        '',
      ],
    )
  })

  it('gives a sign of life in a pipe every half minute of a long SYNC', () => {
    const out = screen({animated: false, width: Infinity})
    const samples = Array.from({length: 70}, (_, n) => progress(SECOND, START + n * 1000, n * 1_000_000))
    run(out, samples)
    assert.deepEqual(out.text.split('\n'), [
      '2026-01-02T03:04:35Z nats-prod-node-2 SYNC 36.2 MiB of 1.2 GiB (2%), 1.0 MiB/s, 19m7s left',
      '2026-01-02T03:05:05Z nats-prod-node-2 SYNC 67.7 MiB of 1.2 GiB (5%), 1.0 MiB/s, 18m37s left',
      '',
    ])
  })

  it('says hundreds of moved leaders in one line', () => {
    const out = screen({animated: false, width: Infinity})
    const moved = Array.from(
      {length: 300},
      (_, n): RollEvent => ({type: 'moved', at: START, node: SECOND, group: `stream s${n}`, to: 'n1'}),
    )
    run(out, [...moved, {type: 'state', at: START, state: 'STOP', node: SECOND}])
    assert.equal(
      out.text,
      [
        '2026-01-02T03:04:05Z nats-prod-node-2 300 leaders moved: stream s0 to n1, stream s1 to n1, stream s2 to n1, stream s3 to n1, stream s4 to n1 and 295 more',
        '2026-01-02T03:04:05Z nats-prod-node-2 STOP',
        '',
      ].join('\n'),
    )
  })

  it('leaves lasting lines above the block on a terminal, wrapped to it, and the cursor visible', () => {
    const out = screen()
    run(out, wholeRoll()).end()
    const text = stripVTControlCharacters(out.text)
    assert.match(text, /nats-prod-node-3 its server was restarted while it caught up/)
    for (const line of text.split('\n')) assert.ok(displayWidth(line.replace('\r', '')) < 80, line)
    assert.ok(out.text.endsWith('\u001b[?25h'))
  })

  it('says nothing at all when nobody should be told', () => {
    const out = screen({quiet: true})
    const shown = run(out, wholeRoll())
    shown.interrupt('natsops roll resume')
    shown.end()
    assert.equal(out.text, '')
  })

  describe('at a signal says what is in flight', () => {
    const interrupted = (events: readonly RollEvent[]): string => {
      const out = screen({animated: false, width: Infinity})
      const shown = run(out, events)
      out.text = ''
      shown.interrupt('natsops roll resume --cluster c')
      return out.text.split('\n').map((line) => line.slice(21))[0] ?? ''
    }
    const then = '; stopping at the next safe point; press Ctrl-C again to leave at once'
    for (const {at, says} of [
      {at: 'GATE', says: 'nats-prod-node-2 is in GATE; its instance is untouched'},
      {at: 'STOP', says: 'nats-prod-node-2 is in STOP; its server is stopped and will be started again first'},
      {
        at: 'SYNC',
        says: 'nats-prod-node-2 is in SYNC; its instance is being replaced, which AWS finishes with or without natsops',
      },
    ] as const) {
      it(at, () => assert.equal(interrupted(replacement(SECOND, 2, START, at).events), says + then))
    }

    it('between two nodes, and after a resume that came in the middle', () => {
      assert.equal(interrupted([]), `no node is in flight${then}`)
      const resumed: RollEvent = {type: 'state', at: START, state: 'GONE', node: SECOND}
      assert.match(interrupted([resumed]), /is in GONE; its instance is being replaced/)
    })

    it('with the command to go on', () => {
      const out = screen({animated: false, width: Infinity})
      run(out, []).interrupt('natsops roll resume --cluster c')
      assert.match(out.text, / go on later: natsops roll resume --cluster c\n$/)
    })
  })

  it('lets no name reach the terminal as it is, in either form', () => {
    for (const animated of [true, false]) {
      const out = screen({animated, width: animated ? 80 : Infinity})
      const joined: RollEvent = {type: 'joined', at: START, identity: {...identity(HOSTILE, 1), version: HOSTILE}}
      run(out, [...heldRoll(HOSTILE), joined, waiting('SYNC', HOSTILE, START, HOSTILE)])
      assert.doesNotMatch(out.text, /\u001b\[31m|^error: fake/m)
    }
  })
})
