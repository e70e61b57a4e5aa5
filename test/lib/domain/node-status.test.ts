import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {readStatus, statusScript} from '../../../src/lib/domain/node-status.ts'
import {judgeNode, verdictOf} from '../../../src/lib/domain/node-verdict.ts'
import {defaultThresholds} from '../../../src/lib/domain/settings.ts'

/** As an m8gd.medium with Amazon Linux prints it. */
const parts = {
  nats: 'Id=nats.service\nLoadState=loaded\nActiveState=active\nSubState=running\nActiveEnterTimestamp=Fri 2026-11-20 19:50:50 UTC\nNRestarts=2\n',
  monitor: 'Id=nats-monitor.service\nLoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=0\n',
  bit: 'Id=fluent-bit.service\nLoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=0\n',
  version: 'nats-server: v2.11.4\n',
  disk: 'Filesystem     1-blocks       Used   Available Capacity Mounted on\n/dev/nvme1n1 59000000000 1000000000 49000000000       2% /var/lib/nats\n',
  memory: 'MemTotal:        4000000 kB\nMemFree:          100000 kB\nMemAvailable:    3000000 kB\n',
  load: '0.10 0.20 0.30 1/123 4711\n',
  uptime: '86400.52 80000.00\n',
  before: 'cpu  100 0 100 1000 0 0 0 0 0 0\n',
  after: 'cpu  120 0 110 1160 8 0 2 0 5 0\n',
  bootstrap: 'one\nAxiom ingest check: ok\n',
}

function printed(changes: Partial<typeof parts> = {}): string {
  const all = {...parts, ...changes}
  const section = (name: string, text: string): string => `--natsops:${name}\n${text}`
  return [
    section('unit', all.nats),
    section('unit', all.monitor),
    section('unit', all.bit),
    ...(['version', 'disk', 'memory', 'load', 'uptime', 'before', 'after', 'bootstrap'] as const).map((name) =>
      section(name, all[name]),
    ),
  ].join('')
}

const judge = (changes: Partial<typeof parts> = {}) => judgeNode(readStatus(printed(changes)), defaultThresholds)

describe('the status of an instance', () => {
  it('is read from what its programs print', () => {
    assert.deepEqual(readStatus(printed()), {
      units: [
        {
          unit: 'nats',
          loadState: 'loaded',
          activeState: 'active',
          subState: 'running',
          activeSince: '2026-11-20T19:50:50Z',
          restarts: 2,
        },
        ...['nats-monitor', 'fluent-bit'].map((unit) => {
          return {unit, loadState: 'loaded', activeState: 'active', subState: 'running', activeSince: null, restarts: 0}
        }),
      ],
      version: '2.11.4',
      uptimeSeconds: 86_400.52,
      cpuPercent: 16,
      iowaitPercent: 4,
      stealPercent: 0,
      memory: {usedBytes: 1_024_000_000, totalBytes: 4_096_000_000, usedPercent: 25},
      disk: {usedBytes: 1_000_000_000, totalBytes: 59_000_000_000, usedPercent: 2, mount: '/var/lib/nats'},
      load: [0.1, 0.2, 0.3],
      bootstrap: ['one', 'Axiom ingest check: ok'],
    })
    assert.deepEqual(judge(), [])
  })

  it('is not what a log says it is', () => {
    const {version, units, bootstrap} = readStatus(
      printed({nats: '', bootstrap: '--natsops:unit\nId=nats.service\nActiveState=active\n--natsops:bootstrap\nx\n'}),
    )
    assert.deepEqual([version, units[0]?.activeState, bootstrap.length], ['2.11.4', null, 5])
  })

  it('is unknown throughout where nothing was printed, or half of it', () => {
    const nothing = readStatus('')
    const {units, bootstrap, ...measures} = nothing
    assert.ok(Object.values(measures).every((value) => value === null))
    assert.deepEqual([units.map(({activeState}) => activeState), bootstrap], [[null, null, null], []])
    const codes = judgeNode(nothing, defaultThresholds).map(({severity, code}) => `${severity} ${code}`)
    assert.deepEqual(codes, ['critical unknown', ...Array(8).fill('warning unknown')])
    for (let length = 0; length < printed().length; length += 1) readStatus(printed().slice(0, length))
  })

  it('is never ok where something is unknown', () => {
    for (const name of ['nats', 'monitor', 'bit', 'version', 'disk', 'memory', 'before', 'after'] as const) {
      assert.ok(judge({[name]: 'nonsense\n'}).length > 0, name)
    }
  })

  for (const [what, changes, expected] of [
    [
      'the server down',
      {nats: parts.nats.replace('=active', '=failed')},
      ['critical: the unit nats is failed (running)'],
    ],
    [
      'a unit that is not there',
      {bit: 'Id=fluent-bit.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n'},
      ['warning: the unit fluent-bit is not there'],
    ],
    ['cpu at 80', {after: 'cpu  260 0 100 1040 0 0 0 0 0 0\n'}, ['warning: cpu is at 80%: the limit is 80%']],
    ['cpu below 80', {after: 'cpu  259 0 100 1041 0 0 0 0 0 0\n'}, []],
    ['iowait at 20', {after: 'cpu  100 0 100 1160 40 0 0 0 0 0\n'}, ['warning: iowait is at 20%: the limit is 20%']],
    ['steal at 10', {after: 'cpu  100 0 100 1180 0 0 0 20 0 0\n'}, ['warning: steal is at 10%: the limit is 10%']],
    [
      'memory at 85',
      {memory: 'MemTotal: 1000 kB\nMemAvailable: 150 kB\n'},
      ['warning: memory is at 85%: the limit is 85%'],
    ],
    [
      'a full disk',
      {disk: 'x\n/dev/nvme1n1 100 80 20 80% /var/lib/nats\n'},
      ['warning: disk is at 80%: the limit is 80%'],
    ],
    [
      'a disk that was never mounted',
      {disk: 'x\n/dev/nvme0n1p1 100 10 90 10% /\n'},
      ['warning: /var/lib/nats is no disk of its own: it is on /'],
    ],
  ] as const) {
    it(`finds ${what}`, () => {
      assert.deepEqual(
        judge(changes).map(({severity, message}) => `${severity}: ${message}`),
        expected,
      )
    })
  }

  it('is judged by its worst finding', () => {
    assert.equal(verdictOf([]), 'ok')
    assert.equal(verdictOf(judge({memory: ''})), 'degraded')
    assert.equal(verdictOf(judge({memory: '', nats: parts.nats.replace('=active', '=inactive')})), 'critical')
  })

  it('is asked for in words that a real shell runs to the end, whatever is missing there', () => {
    const script = statusScript().replace(/sleep \d+/, 'sleep 0')
    const stdout = execFileSync('/bin/sh', ['-c', script], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']})
    const names = [...stdout.matchAll(/^--natsops:(\w+)$/gm)].map((found) => found[1])
    assert.deepEqual(names, [
      ...['unit', 'unit', 'unit', 'version', 'disk', 'memory', 'load', 'uptime', 'before', 'after', 'bootstrap'],
    ])
    if (process.platform === 'linux') assert.ok(readStatus(stdout).memory)
  })
})
