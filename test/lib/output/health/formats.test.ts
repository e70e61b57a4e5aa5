import assert from 'node:assert/strict'
import {tellHealth} from '../../../../src/lib/domain/health/told.ts'
import {judgeHealth} from '../../../../src/lib/domain/health.ts'
import {nagiosStatus, renderNagios, renderNagiosFailure} from '../../../../src/lib/output/health/nagios.ts'
import {renderPrometheus} from '../../../../src/lib/output/health/prometheus.ts'
import {renderHealth} from '../../../../src/lib/output/health/table.ts'
import {displayWidth} from '../../../../src/lib/output/table.ts'
import {addStream, bendAll, bendServer, bendStream, silence} from '../../../support/bends.ts'
import {assertGolden} from '../../../support/golden.ts'
import {testSettings} from '../../../support/observations.ts'
import {type Situation, situation} from '../../../support/situation.ts'

const {thresholds} = testSettings()
const screen = {width: 80, decorated: true, paint: (_tone: unknown, text: string) => text}
const pipe = {...screen, width: Number.POSITIVE_INFINITY, decorated: false}

const situations: Readonly<Record<string, Situation>> = {
  healthy: {},
  degraded: {
    bend: bendAll(silence('n3'), addStream('cache', {replicas: 1, leader: 'n1'}), bendServer('n1', {slowConsumers: 2})),
  },
  critical: {
    bend: bendAll(
      silence('n1', 'timeout'),
      bendStream('orders', 'n3', (replica) => ({...replica, state: {...replica.state, messages: 10, lastSeq: 10}})),
    ),
    input: {
      aws: undefined,
      awsProblem: {
        kind: 'failed',
        message: 'autoscaling:DescribeAutoScalingGroups in us-east-2: the credentials of profile prod have expired',
        suggestions: ['aws sso login --profile prod'],
      },
    },
  },
  unknown: {
    bend: bendAll(...['n1', 'n2', 'n3'].map((name) => silence(name, 'name-not-found'))),
    input: {aws: undefined, awsProblem: {kind: 'skipped', message: 'AWS was not asked: --no-aws', suggestions: []}},
  },
}

describe('forms of a health report', () => {
  for (const [name, given] of Object.entries(situations)) {
    const report = judgeHealth(situation(given))
    it(`${name} on a screen of 80 columns`, () => {
      const text = `${renderHealth(report, screen)}\n`
      assertGolden(`health/${name}.screen.txt`, text)
      for (const line of text.split('\n')) assert.ok(displayWidth(line) <= 80, line)
    })
    it(`${name} in a pipe`, () => assertGolden(`health/${name}.records.txt`, `${renderHealth(report, pipe)}\n`))
    it(`${name} for Nagios`, () => assertGolden(`health/${name}.nagios.txt`, `${renderNagios(report, thresholds)}\n`))
    it(`${name} for Prometheus`, () => assertGolden(`health/${name}.prom`, `${renderPrometheus(report)}\n`))
    it(`${name} as JSON`, () => assertGolden(`health/${name}.json`, `${JSON.stringify(tellHealth(report), null, 2)}\n`))
  }

  it('fits on one screen of 80x24 when all is well', () => {
    const lines = renderHealth(judgeHealth(situation()), screen).split('\n')
    assert.ok(lines.length < 24, `${lines.length} lines`)
  })

  for (const width of [60, 80]) {
    it(`shows in ${width} columns what is wrong with which node, and no line is wider`, () => {
      const report = judgeHealth(situation({bend: silence('n3', 'name-not-found')}))
      const nodes = report.nodes.map((each) => ({...each, node: `nats-prod-node-${each.node.slice(1)}`}))
      const text = renderHealth({...report, nodes}, {...screen, width})
      assert.match(text, /^nats-prod-node-3 .*name-not-found .* 0\/2$/m)
      for (const line of text.split('\n')) assert.ok(displayWidth(line) <= width, line)
    })
  }

  it('has one record a line and the same number of fields for every record of a kind', () => {
    const lines = renderHealth(judgeHealth(situation(situations.degraded)), pipe).split('\n')
    const widths = new Map<string, Set<number>>()
    for (const line of lines) {
      const fields = line.split('\t')
      widths.set(fields[0]!, (widths.get(fields[0]!) ?? new Set()).add(fields.length))
    }
    assert.deepEqual(
      [...widths].map(([kind, lengths]) => [kind, [...lengths]]),
      [
        ['verdict', [7]],
        ['node', [14]],
        ['meta', [4]],
        ['finding', [10]],
      ],
    )
  })
})

describe('hostile names', () => {
  const evil = '\u001b]0;pwned\u0007\u001b[2J|x=1\n# HELP fake 1\n\u202egnp"\\\t\u009b31m$(reboot)'
  const report = judgeHealth(
    situation({
      bend: bendAll(
        addStream(evil, {replicas: 1}),
        addStream(`${evil}2`),
        bendStream(`${evil}2`, 'n3', () => undefined),
        bendServer('n2', {version: evil}),
      ),
    }),
  )
  const forms = {
    screen: renderHealth(report, screen),
    pipe: renderHealth(report, pipe),
    nagios: renderNagios(report, thresholds),
    prometheus: renderPrometheus(report),
  }
  for (const [name, text] of Object.entries(forms)) {
    it(`never reach the ${name} raw`, () => {
      assert.match(text, /pwned/, 'the name is shown')
      const allowed =
        name === 'pipe'
          ? /[^\n\t\x20-\x7e\u00a0-\u200d\u2010-\u2027\u2030-\u2065\u2070-\uffff]/
          : /[^\n\x20-\x7e\u00a0-\u200d\u2010-\u2027\u2030-\u2065\u2070-\uffff]/
      assert.doesNotMatch(text, allowed)
    })
  }

  it('add no line and no field', () => {
    assert.equal(forms.pipe.split('\n').filter((line) => line.startsWith('finding')).length, report.findings.length)
    for (const line of forms.pipe.split('\n').filter((each) => each.startsWith('finding'))) {
      assert.equal(line.split('\t').length, 10)
    }
  })

  it('cannot end the text of a plugin or fake its data', () => {
    const [first = '', ...rest] = forms.nagios.split('\n')
    assert.equal(first.split('|').length, 2)
    for (const line of rest) assert.doesNotMatch(line, /\|/)
  })

  it('cannot end a label', () => {
    for (const line of forms.prometheus.split('\n')) {
      assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+\{(\w+="([^"\\]|\\["\\n])*",?)+\} -?[\d.e+]+)$/)
    }
  })

  it('cannot run anything when a suggestion is pasted', () => {
    const suggestion = report.findings.find(({code}) => code === 'single-replica')?.next ?? ''
    assert.match(suggestion, /stream edit --replicas 3 -- '[^']*\$\(reboot\)'$/s)
  })
})

describe('Prometheus form', () => {
  it('grows with the nodes and not with the streams', () => {
    const few = renderPrometheus(judgeHealth(situation())).split('\n').length
    const streams = Array.from({length: 50}, (_, index) => addStream(`s${index}`))
    assert.equal(renderPrometheus(judgeHealth(situation({bend: bendAll(...streams)}))).split('\n').length, few)
  })

  it('has each family once, with help and type before its samples', () => {
    const lines = renderPrometheus(judgeHealth(situation(situations.degraded))).split('\n')
    const families = lines.filter((line) => line.startsWith('# TYPE ')).map((line) => line.split(' ')[2])
    assert.equal(new Set(families).size, families.length)
    let current = ''
    for (const line of lines) {
      if (line.startsWith('#')) current = line.split(' ')[2] ?? ''
      else assert.equal(line.split('{')[0], current)
    }
  })
})

describe('Nagios form', () => {
  it('knows four states', () => {
    assert.deepEqual((['ok', 'degraded', 'critical', 'unknown'] as const).map(nagiosStatus), [0, 1, 2, 3])
  })

  it('says unknown in one line when there was no check', () => {
    assert.equal(renderNagiosFailure('no | such\ncluster'), 'NATS UNKNOWN - no / such\\x0acluster')
  })

  it('shows no more lines than a monitoring system takes', () => {
    const bends = Array.from({length: 30}, (_, index) => index + 1)
    const report = judgeHealth(situation())
    const [finding] = judgeHealth(situation(situations.degraded)).findings
    assert.ok(finding)
    const text = renderNagios({...report, findings: bends.map(() => finding)}, thresholds)
    assert.equal(text.split('\n').length, 22)
    assert.match(text, /\nand 10 more$/)
  })
})
