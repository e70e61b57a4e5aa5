import assert from 'node:assert/strict'
import {parseDuration, requireDuration} from '../../../src/lib/config/duration.ts'

describe('parseDuration', () => {
  for (const [text, expected] of [
    ['5s', 5000],
    ['250ms', 250],
    ['2m', 120_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['1.5s', 1500],
    ['90', 90_000],
    ['0.5', 500],
    [' 5s ', 5000],
    ['24d', 2_073_600_000],
  ] as const) {
    it(`${JSON.stringify(text)} is ${expected} ms`, () => assert.equal(parseDuration(text), expected))
  }

  for (const text of [
    ...['', ' ', '0', '0s', '0ms', '0.4ms', '-5s', '+5s', '-1', '5 s', 's', '5x', '5S', '5sec', '1m1h', '1m1m'],
    ...['1e3', '0x10', 'Infinity', 'NaN', '1.s', '.5s', '1,5s', '5s;', '25d', '9'.repeat(400), '5s\n5s', '٥s'],
  ]) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => assert.equal(parseDuration(text), undefined))
  }
})

describe('requireDuration', () => {
  it('names the option, the value and what would do', () => {
    assert.throws(() => requireDuration('--timeout', '5x'), {
      name: 'OpsError',
      message: '--timeout "5x" is not a duration between 1ms and 24d',
      exit: 2,
      suggestions: ['--timeout 500ms, --timeout 5s, --timeout 2m or --timeout 1h30m'],
    })
  })
})
