import assert from 'node:assert/strict'
import {renderDrift} from '../../../src/lib/output/config-diff.ts'

const paint = (_tone: string, text: string): string => text
const key = `A${'B'.repeat(55)}`
const drift = [
  {node: 'n1', state: 'same', problem: null, differences: []},
  {
    node: 'n2',
    state: 'different',
    problem: null,
    differences: [
      {setting: 'server_name', described: 'n2', running: 'n\u001b[2J'},
      {setting: `accounts.${key}`, described: 'the JWT of the preload file', running: 'another JWT'},
      {setting: 'jetstream.domain', described: 'hub', running: null},
    ],
  },
  {node: 'n3', state: 'silent', problem: 'connection refused', differences: []},
]

describe('renderDrift', () => {
  it('shows every value whole on a narrow terminal', () => {
    assert.equal(
      renderDrift(drift, {decorated: true, width: 60, paint}),
      `n1  as described
n2  different
  server_name
    described n2, running n\\x1b[2J
  accounts.${key}
    described the JWT of the preload file, running another
    JWT
  jetstream.domain
    described hub, running -
n3  silent
  connection refused`,
    )
  })

  it('has one record a line in a pipe', () => {
    assert.equal(
      renderDrift(drift, {decorated: false, width: 60, paint}),
      [
        'n1\tas described\t-\t-',
        'n2\tserver_name\tn2\tn\\x1b[2J',
        `n2\taccounts.${key}\tthe JWT of the preload file\tanother JWT`,
        'n2\tjetstream.domain\thub\t-',
        'n3\tsilent\t-\tconnection refused',
      ].join('\n'),
    )
  })
})
