import assert from 'node:assert/strict'
import {
  humanBytes,
  humanCount,
  humanDuration,
  relativeTime,
  rfc3339,
  valueFormat,
} from '../../../src/lib/output/format.ts'

const now = Date.UTC(2030, 0, 2, 3, 4, 5)

describe('humanBytes', () => {
  for (const [count, expected] of [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1_048_575, '1.0 MiB'],
    [1_572_864, '1.5 MiB'],
    [59 * 1024 ** 3, '59.0 GiB'],
    [2 ** 63, '8192.0 PiB'],
    [-2048, '-2.0 KiB'],
    [Number.NaN, '-'],
  ] as const) {
    it(`${count} is ${expected}`, () => assert.equal(humanBytes(count), expected))
  }
})

describe('humanDuration', () => {
  for (const [ms, expected] of [
    [0, '0ms'],
    [999, '999ms'],
    [999.6, '1s'],
    [4200, '4.2s'],
    [9949, '9.9s'],
    [9960, '10s'],
    [59_600, '1m'],
    [125_000, '2m5s'],
    [5_400_000, '1h30m'],
    [3_600_000, '1h'],
    [3_605_000, '1h'],
    [(3 * 24 + 4) * 3_600_000, '3d4h'],
    [400 * 86_400_000, '400d'],
    [-1500, '-1.5s'],
    [Number.POSITIVE_INFINITY, '-'],
  ] as const) {
    it(`${ms} ms is ${expected}`, () => assert.equal(humanDuration(ms), expected))
  }
})

describe('relativeTime', () => {
  for (const [offset, expected] of [
    [0, 'just now'],
    [-999, 'just now'],
    [-1000, '1s ago'],
    [-185_000, '3m ago'],
    [-86_400_000, '1d ago'],
    [7_200_000, 'in 2h'],
  ] as const) {
    it(`${offset} ms from now is ${expected}`, () => assert.equal(relativeTime(now + offset, now), expected))
  }
})

describe('valueFormat', () => {
  it('is human on a terminal', () => {
    const format = valueFormat({decorated: true}, now)
    assert.deepEqual(
      [
        format.bytes(1536),
        format.count(200_000),
        format.duration(90_000),
        format.time(now - 60_000),
        format.percent(81.6),
      ],
      ['1.5 KiB', '200,000', '1m30s', '1m ago', '82%'],
    )
  })

  it('is exact in a pipe', () => {
    const format = valueFormat({decorated: false}, now)
    assert.deepEqual(
      [format.bytes(1536), format.count(200_000), format.duration(90_250), format.time(now), format.percent(81.6)],
      ['1536', '200000', '90.25', '2030-01-02T03:04:05Z', '81.6'],
    )
  })

  it('groups the digits of a count', () => {
    const counts = [0, 7, 999, 1000, 12_345, 1_234_567, -1234, -123, 1234.5, Number.MAX_SAFE_INTEGER, 2 ** 64]
    assert.deepEqual(
      counts.map(humanCount),
      counts.map((count) => count.toLocaleString('en-US')),
    )
  })

  it('has a dash for what is not a number or a time', () => {
    assert.deepEqual([humanCount(Number.NaN), rfc3339(Number.NaN), relativeTime(Number.NaN, now)], ['-', '-', '-'])
  })
})
