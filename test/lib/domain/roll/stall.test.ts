import assert from 'node:assert/strict'
import {StallMeter} from '../../../../src/lib/domain/roll/stall.ts'

const at = (ms: number, skew = 0) => ({monotonic: ms, wall: 1_000_000 + ms + skew})

/** Acknowledged at these times, noticed every 250 ms in between, as the canary does it. */
function measure(acknowledged: readonly number[], until: number): number | undefined {
  const meter = new StallMeter(2000)
  for (let now = 0; now <= until; now += 50) {
    if (acknowledged.includes(now)) meter.acknowledge(at(now))
    else if (now % 250 === 0) meter.tick(at(now))
  }
  return meter.longest(at(until))
}

describe('the longest stall', () => {
  it('is unknown before the first acknowledgement', () => {
    assert.equal(measure([], 10_000), undefined)
  })

  it('is the longest time between two acknowledgements', () => {
    assert.equal(measure([100, 200, 7200, 7300], 7400), 7000)
  })

  it('counts the one that is under way', () => {
    assert.equal(measure([100, 200], 5200), 5000)
  })

  it('does not count what came before the first acknowledgement', () => {
    assert.equal(measure([5000, 5100], 5100), 100)
  })

  it('leaves out the time in which this process was stopped, whichever notices first', () => {
    for (const notice of ['tick', 'acknowledge'] as const) {
      const meter = new StallMeter(2000)
      meter.acknowledge(at(0))
      meter.acknowledge(at(100))
      meter.tick(at(250))
      meter[notice](at(7_200_000))
      meter.acknowledge(at(7_200_600))
      meter.acknowledge(at(7_200_700))
      assert.equal(meter.longest(at(7_200_700)), notice === 'tick' ? 150 : 600, notice)
    }
  })

  it('notices a sleep that only the wall clock saw', () => {
    const meter = new StallMeter(2000)
    meter.acknowledge(at(0))
    meter.tick(at(250, 7_200_000))
    meter.tick(at(500, 7_200_000))
    assert.equal(meter.longest(at(700, 7_200_000)), 0)
    meter.acknowledge(at(900, 7_200_000))
    meter.acknowledge(at(1000, 7_200_000))
    assert.equal(meter.longest(at(1000, 7_200_000)), 100)
  })

  it('keeps a stall that a sleep interrupted, up to the sleep', () => {
    const meter = new StallMeter(2000)
    meter.acknowledge(at(0))
    for (let now = 250; now <= 1500; now += 250) meter.tick(at(now))
    meter.tick(at(100_000))
    assert.equal(meter.longest(at(100_100)), 1500)
  })
})
