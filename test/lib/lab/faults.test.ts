import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {faultKinds, faultNames, isMeant} from '../../../src/lib/lab/faults.ts'
import {FaultBoard} from '../../../src/lib/lab/faults-board.ts'
import {FakeClock} from './aws/support/fake-clock.ts'

describe('faults of a lab', () => {
  const nodes = ['lab-node-1', 'lab-node-2']
  let clock: FakeClock
  let board: FaultBoard
  beforeEach(() => {
    clock = new FakeClock()
    board = new FaultBoard({nodes, clock})
  })

  it('are all off to begin with, and off again at the end', () => {
    assert.deepEqual(board.list(), [])
    for (const name of faultNames) assert.equal(board.standing(name), undefined)
    board.switchOn({name: 'unreachable'})
    board.close()
    assert.deepEqual(board.list(), [])
  })

  it('can each be switched on with their usual value', () => {
    for (const name of faultNames) {
      const value = faultKinds[name].value === 'server' ? {value: '/bin/nats-server'} : {}
      board.switchOn({name, ...value})
    }
    assert.deepEqual(
      board.list().map(({name}) => name),
      faultNames,
    )
  })

  it('are each described in the guide to game days', () => {
    const guide = readFileSync('docs/game-days.md', 'utf8')
    const missing = faultNames.filter((name) => !guide.includes(`\`${name}\``))
    assert.deepEqual(missing, [])
  })

  it('strike the node they are for, or all; one of its own goes before one for all', () => {
    board.switchOn({name: 'boot-delay', value: '1s'})
    board.switchOn({name: 'boot-delay', value: '2m', node: 'lab-node-2'})
    assert.equal(board.strike('boot-delay', 'lab-node-1')?.amount, 1000)
    assert.equal(board.strike('boot-delay', 'lab-node-2')?.amount, 120_000)
    board.switchOff('boot-delay', 'lab-node-2')
    assert.equal(board.strike('boot-delay', 'lab-node-2')?.amount, 1000)
  })

  it('end after so many strikes; looking does not count, nor what was not meant', async () => {
    let changes = 0
    board.switchOn({name: 'access-denied', value: 'ssm:*', count: 2})
    await clock.advance(0)
    board.onChange(() => {
      changes += 1
    })
    const strike = (action: string) => board.strike('access-denied', undefined, ({value}) => isMeant(value, action, 0))
    assert.ok(board.standing('access-denied'))
    assert.equal(strike('ec2:DescribeInstances'), undefined)
    assert.ok(strike('ssm:SendCommand'))
    assert.equal(board.list()[0]?.struck, 1)
    assert.ok(strike('ssm:GetParameter'))
    assert.equal(strike('ssm:GetParameter'), undefined)
    await clock.advance(0)
    assert.equal(changes, 1)
  })

  it('end after their time, unless they were switched on anew meanwhile', async () => {
    board.switchOn({name: 'unreachable', node: 'lab-node-1', forMs: 1000})
    await clock.advance(900)
    board.switchOn({name: 'unreachable', node: 'lab-node-1', forMs: 1000})
    await clock.advance(900)
    assert.ok(board.standing('unreachable', 'lab-node-1'))
    assert.equal(board.standing('unreachable', 'lab-node-2'), undefined)
    await clock.advance(100)
    assert.deepEqual(board.list(), [])
    assert.equal(clock.sleeping, 0)
  })

  it('say which were switched off', () => {
    board.switchOn({name: 'monitor-slow'})
    board.switchOn({name: 'monitor-slow', node: 'lab-node-1'})
    board.switchOn({name: 'clock-skew', value: '-5m'})
    assert.deepEqual(
      board.switchOff('monitor-slow').map(({name, node}) => [name, node]),
      [
        ['monitor-slow', undefined],
        ['monitor-slow', 'lab-node-1'],
      ],
    )
    assert.equal(board.standing('clock-skew')?.amount, -300_000)
    assert.equal(board.switchOff().length, 1)
    assert.deepEqual(board.switchOff(), [])
  })

  for (const [request, message] of [
    [{name: 'earthquake'}, /^there is no fault 'earthquake'; there is launch-fails, /],
    [{name: 'unreachable', node: 'lab-node-3'}, 'there is no node lab-node-3 in this lab'],
    [{name: 'throttled', node: 'lab-node-1'}, 'throttled strikes all of AWS, not one node'],
    [{name: 'unreachable', count: 2}, /^unreachable is a state that lasts and cannot be counted/],
    [{name: 'launch-fails', count: 0}, '0 is not a number of times'],
    [{name: 'unreachable', value: 'x'}, 'unreachable takes no value'],
    [{name: 'other-version'}, /^other-version needs a value: /],
    [{name: 'boot-delay', value: 'soon'}, "boot-delay takes a duration such as 30s or 500ms, not 'soon'"],
    [{name: 'store-small', value: '1 MB'}, "store-small takes a size such as 600 or 1MiB, not '1 MB'"],
    [{name: 'throttled', value: '* 101%'}, /^throttled takes an action such as /],
    [{name: 'access-denied', value: 'everything'}, /^access-denied takes an action such as /],
    [{name: 'wrong-name', value: 'a\nb'}, /^wrong-name takes up to 1000 printable characters/],
    [{name: 'unreachable', forMs: -1}, '-1 is not a duration'],
  ] as const) {
    it(`refuse ${JSON.stringify(request)}`, () => {
      assert.throws(() => board.switchOn(request), {code: 'USAGE', message})
      assert.deepEqual(board.list(), [])
    })
  }

  it('of AWS are meant for an action, a service, all of it, or a part of the calls', () => {
    const cases = [
      ['ssm:SendCommand', 'ssm:SendCommand', 0, true],
      ['ssm:SendCommand', 'ssm:SendCommandX', 0, false],
      ['ssm:*', 'ssm:GetParameter', 0, true],
      ['ssm:*', 'ec2:DescribeInstances', 0, false],
      ['*', 'ec2:DescribeInstances', 0, true],
      ['* 30%', 'ec2:DescribeInstances', 0.29, true],
      ['* 30%', 'ec2:DescribeInstances', 0.3, false],
      ['* except ssm:GetParameters ec2:*', 'ssm:GetParameters', 0, false],
      ['* except ssm:GetParameters ec2:*', 'ec2:DescribeInstances', 0, false],
      ['* except ssm:GetParameters ec2:*', 'ssm:PutParameter', 0, true],
    ] as const
    for (const [value, action, luck, expected] of cases) assert.equal(isMeant(value, action, luck), expected, value)
  })
})
