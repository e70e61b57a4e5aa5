import assert from 'node:assert/strict'
import {FIRST_SCREEN, isQuit, type Key, pressKey, type ScreenState} from '../../../../src/lib/domain/top/screen.ts'

const room = {rows: 50, page: 18, sortKeys: ['node', 'state', 'inMessages']}

/** Names of keys in angle brackets, everything else as typed: `2s<down>`. */
function press(keys: string, from: ScreenState = FIRST_SCREEN): ScreenState {
  const pressed = [...keys.matchAll(/<([a-z-]+)>|(.)/gu)].map(([, name, text]) => {
    return (text === undefined ? {name} : {name: 'text', text}) as Key
  })
  return pressed.reduce((state, key) => pressKey(state, key, room), from)
}

describe('keys of the live view', () => {
  it('turn to a view by number and by Tab, round and back', () => {
    assert.deepEqual(
      ['3', '<tab>', '<tab><tab><tab><tab>', '<back-tab>', '9', '0'].map((keys) => press(keys).view),
      ['consumers', 'streams', 'nodes', 'connections', 'nodes', 'nodes'],
    )
  })

  it('sort by the next column and the one before, and the other way round, each view by itself', () => {
    assert.deepEqual(press('ssr2').orders.nodes, {key: 'inMessages', descends: true})
    assert.deepEqual(press('sss').orders.nodes, {key: 'node', descends: false})
    assert.deepEqual(press('S').orders.nodes, {key: 'inMessages', descends: false})
    assert.deepEqual(press('ss').orders.streams, FIRST_SCREEN.orders.streams)
  })

  it('scroll by rows and pages, never beyond the ends, and begin anew with another view', () => {
    const offsets = [
      '<down><down>',
      'jjk',
      '<up>',
      '<page-down>',
      '<page-down><page-down>',
      '<end><down>',
      '<end><home>',
    ]
    assert.deepEqual(
      offsets.map((keys) => press(keys).offset),
      [2, 1, 0, 18, 32, 32, 0],
    )
    assert.equal(press('<end>2').offset, 0)
    // Rows that went away meanwhile are not scrolled through first.
    assert.equal(pressKey({...FIRST_SCREEN, offset: 400}, {name: 'up'}, room).offset, 31)
  })

  it('pause and go on', () => {
    assert.deepEqual([press('p').paused, press(' ').paused, press('p ').paused], [true, true, false])
  })

  it('type a filter, q included, until Enter keeps it or Escape clears it', () => {
    const typing = press('/q2s<backspace>S')
    assert.deepEqual([typing.filter, typing.typing, typing.view], ['q2S', true, 'nodes'])
    assert.equal(isQuit(typing, {name: 'text', text: 'q'}), false)
    assert.deepEqual([press('/ab<enter>').filter, press('/ab<enter>').typing], ['ab', false])
    assert.deepEqual([press('/ab<escape>').filter, press('/ab<enter><escape>').filter], ['', ''])
    assert.equal(press(`/${'x'.repeat(100)}\u001b`).filter.length, 40)
  })

  it('show the help until any key', () => {
    assert.deepEqual([press('?').help, press('??').help, press('?2').view], [true, false, 'nodes'])
  })

  it('quit by q', () => assert.equal(isQuit(FIRST_SCREEN, {name: 'text', text: 'q'}), true))
})
