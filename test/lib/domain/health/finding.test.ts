import assert from 'node:assert/strict'
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {type Finding, finding, findingCodes, sortFindings} from '../../../../src/lib/domain/health/finding.ts'

const root = join(import.meta.dirname, '../../../..')
const draft = {message: 'm', meaning: 'w', next: 'n'} as const

describe('findings', () => {
  it('are explained in docs/health.md, each code in a line of its own', () => {
    const page = readFileSync(join(root, 'docs/health.md'), 'utf8')
    const explained = [...page.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map((match) => match[1])
    assert.deepEqual(explained.sort(), [...findingCodes].sort())
  })

  it('have no code that no rule uses', () => {
    const rules = globSync('src/lib/domain/health/*.ts', {cwd: root})
      .filter((file) => !file.endsWith('finding.ts'))
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .join('')
    assert.deepEqual(
      findingCodes.filter((code) => !rules.includes(`code: '${code}'`)),
      [],
    )
  })

  it('have their nodes once and in order, node-2 before node-10', () => {
    const {nodes} = finding({...draft, code: 'cpu-high', severity: 'warning', nodes: ['n-10', 'n-2', 'n-10']})
    assert.deepEqual(nodes, ['n-2', 'n-10'])
  })

  it('are sorted by what is wrong now, then by subject, then by place', () => {
    const given: readonly Finding[] = [
      finding({...draft, code: 'single-replica', severity: 'info'}),
      finding({...draft, code: 'cpu-high', severity: 'warning'}),
      finding({...draft, code: 'node-unreachable', severity: 'warning', nodes: ['n2']}),
      finding({...draft, code: 'store-full', severity: 'critical'}),
      finding({...draft, code: 'node-unreachable', severity: 'warning', nodes: ['n1']}),
      finding({...draft, code: 'meta-leaderless', severity: 'critical'}),
    ]
    assert.deepEqual(
      sortFindings(given).map(({code, nodes}) => [code, ...nodes].join(' ')),
      ['meta-leaderless', 'store-full', 'node-unreachable n1', 'node-unreachable n2', 'cpu-high', 'single-replica'],
    )
  })
})
