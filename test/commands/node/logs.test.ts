import assert from 'node:assert/strict'
import NodeLogs from '../../../src/commands/node/logs.ts'
import {type Agent, type Instances, startInstances} from '../../support/instances.ts'
import {type RunOptions, runCommand} from '../../support/run.ts'

/** journalctl and tail over these lines, as the real ones print them. */
function logger(entries: () => readonly string[], file: () => string = () => ''): Agent {
  return (words) => {
    if (words[0] === 'tail') {
      const lines = file().split(/(?<=\n)/)
      return {stdout: lines.slice(Number(words[2]?.slice(1)) - 1).join('')}
    }
    const since = Number(words[4]?.slice(1))
    const shown = entries().filter((entry) => Number.parseFloat(entry) >= since)
    return {stdout: shown.length === 0 ? '-- No entries --\n' : shown.map((entry) => `${entry}\n`).join('')}
  }
}

const at = (seconds: number, text: string): string => `${seconds.toFixed(6)} ip-10-0-0-1 nats-server[7]: ${text}`

describe('node logs', function () {
  this.slow(1000)
  let instances: Instances
  before(async () => {
    instances = await startInstances()
  })
  after(() => instances[Symbol.asyncDispose]())
  beforeEach(() => instances.faults.switchOff())
  const logs = (argv: readonly string[], options: RunOptions = {}) =>
    runCommand(NodeLogs, argv, instances.wiring(), options)
  const now = Math.floor(Date.now() / 1000)

  it('shows the journal of the server since a quarter of an hour ago', async () => {
    instances.agent = logger(() => [at(now - 3600, 'old'), at(now - 60, 'one'), at(now - 30, 'two')])
    const before = instances.asked.length
    const {stdout, exitCode} = await logs(['2'])
    assert.equal(exitCode, 0)
    const time = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
    assert.deepEqual(stdout.split('\n'), [
      `${time(now - 60)}\tnats-server[7]: one`,
      `${time(now - 30)}\tnats-server[7]: two`,
      '',
    ])
    const [node, ...words] = instances.asked[before] ?? []
    assert.equal(node, 'c-node-2')
    assert.deepEqual(words.slice(0, 4), ['journalctl', '-u', 'nats', '--since'])
    assert.match(words[4] ?? '', /^@\d+\.\d{6}$/)
  })

  it('reads what is longer than AWS keeps page by page, and leaves nothing out', async () => {
    const entries = Array.from({length: 900}, (_, index) =>
      at(now - 500 + index / 10, `line ${index} ${'x'.repeat(60)}`),
    )
    instances.agent = logger(() => entries)
    const {stdout, exitCode} = await logs(['1', '--json', '--since', '1h'])
    assert.equal(exitCode, 0)
    const shown = JSON.parse(stdout)
    assert.deepEqual([shown.cluster, shown.node, shown.unit, shown.entries.length], ['c', 'c-node-1', 'nats', 900])
    assert.deepEqual(
      shown.entries.map(({message}: {message: string}) => /line (\d+)/.exec(message)?.[1]),
      entries.map((_, index) => String(index)),
    )
  })

  it('shows the whole bootstrap log, and says where there is none', async () => {
    const lines = Array.from({length: 700}, (_, index) => `step ${index} ${'y'.repeat(50)}\n`)
    instances.agent = logger(
      () => [],
      () => lines.join(''),
    )
    assert.equal((await logs(['1', '--unit', 'bootstrap'])).stdout, lines.join(''))
    const stderr = "tail: cannot open '/var/log/nats-bootstrap.log' for reading: No such file or directory\n"
    instances.agent = () => ({exitCode: 1, stderr})
    const missing = await logs(['1', '--unit', 'bootstrap'])
    assert.equal(missing.exitCode, 9)
    assert.match(missing.stderr, /^error: the log of bootstrap on c-node-1 cannot be read: tail: cannot open/)
  })

  it('says where nothing was logged, and where the journal cannot be read', async () => {
    instances.agent = logger(() => [])
    const silent = await logs(['1', '--unit', 'fluent-bit'])
    assert.deepEqual([silent.stdout, silent.exitCode], ['', 0])
    assert.equal(silent.stderr, 'fluent-bit has logged nothing on c-node-1 since then\n')
    instances.agent = () => ({exitCode: 1, stderr: 'Failed to open journal\n'})
    assert.equal((await logs(['1'])).exitCode, 3)
  })

  it('follows until Ctrl-C, which is its end and no error', async () => {
    const entries = [at(now - 10, 'first')]
    let asked = 0
    const print = logger(() => entries)
    instances.agent = (words, instance, signal) => {
      asked += 1
      if (asked === 2) entries.push(at(now, 'second'))
      if (asked === 3) instances.interrupt()
      return print(words, instance, signal)
    }
    const {stdout, stderr, exitCode} = await logs(['1', '--follow'])
    assert.equal(exitCode, 130)
    assert.deepEqual(
      [...stdout.matchAll(/: (\w+)$/gm)].map((found) => found[1]),
      ['first', 'second'],
    )
    assert.equal(stderr, '')
  })

  it('cannot follow into one JSON document', async () => {
    const {stdout, exitCode} = await logs(['1', '--follow', '--json'])
    assert.equal(exitCode, 2)
    assert.equal(JSON.parse(stdout).error.message, '--follow has no end, and --json is one document')
  })

  it('refuses a unit that no node has', async () => {
    const {stderr, exitCode} = await logs(['1', '--unit', 'sshd'])
    assert.equal(exitCode, 2)
    assert.match(stderr, /--unit.*nats, nats-monitor, fluent-bit, bootstrap/)
  })

  it('shows no control character on a terminal', async () => {
    instances.agent = logger(() => [at(now, 'a\u001b[2J\u202eb')])
    assert.match((await logs(['1', '--no-color'], {columns: 80})).stdout, /Z nats-server\[7\]: a\\x1b\[2J\\u202eb\n$/)
    assert.match((await logs(['1'])).stdout, /a\u001b\[2J\u202eb\n$/)
  })
})
