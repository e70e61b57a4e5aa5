import assert from 'node:assert/strict'
import {type CompletableCommand, complete} from '../../../src/lib/domain/completion.ts'

const cluster = {name: 'cluster', char: 'c', type: 'option', summary: 'which'}
const json = {name: 'json', type: 'boolean'}
const commands: readonly CompletableCommand[] = [
  {
    id: 'health',
    summary: 'Judge',
    args: {},
    flags: {
      cluster,
      json,
      format: {name: 'format', type: 'option', options: ['table', 'nagios']},
      aws: {name: 'aws', type: 'boolean', allowNo: true},
      secret: {name: 'secret', type: 'boolean', hidden: true},
    },
  },
  {id: 'node:list', summary: 'List', args: {}, flags: {cluster}},
  {id: 'node:logs', summary: 'Logs', args: {node: {}}, flags: {cluster}},
  {id: 'roll', summary: 'Roll', args: {}, flags: {node: {name: 'node', type: 'option', multiple: true}, cluster}},
  {id: 'roll:show', summary: 'Show', args: {id: {}}, flags: {html: {name: 'html', type: 'option'}}},
  {id: 'lab:node', summary: 'A hand', args: {action: {options: ['stop', 'kill']}, node: {}}, flags: {}},
  {id: 'lab:up', summary: 'Up', args: {name: {}}, flags: {}},
  {id: 'monitor', summary: 'Pages', args: {endpoint: {}}, flags: {cluster}},
  {id: 'exec', summary: 'Run', args: {}, flags: {cluster}},
  {id: 'old', hidden: true, args: {}, flags: {}},
]

const words = (...typed: string[]) => {
  const completion = complete(typed, commands)
  return completion.kind === 'words' ? completion.candidates.map(({value}) => value) : completion
}

describe('complete', () => {
  it('offers commands and topics, each once, without what is hidden', () => {
    assert.deepEqual(words(''), ['health', 'node', 'roll', 'lab', 'monitor', 'exec'])
    assert.deepEqual(words('node', ''), ['list', 'logs'])
    assert.deepEqual(words('nonsense', ''), [])
    assert.deepEqual(words('node', 'nonsense', ''), [])
  })

  it('describes a command by its summary, and a flag', () => {
    assert.deepEqual(complete(['he'], commands), {
      kind: 'words',
      candidates: ['health', 'node', 'roll', 'lab', 'monitor', 'exec'].map((value) => ({
        value,
        description: {health: 'Judge', roll: 'Roll', monitor: 'Pages', exec: 'Run'}[value],
      })),
    })
  })

  it('offers the pages of the monitoring port, each with what it tells', () => {
    const completion = complete(['monitor', '--cluster', 'x', ''], commands)
    assert.ok(completion.kind === 'words')
    assert.equal(completion.candidates.length, 13)
    assert.deepEqual(completion.candidates[4], {value: 'leafz', description: 'leaf nodes'})
    assert.deepEqual(words('monitor', 'varz', ''), [])
  })

  it('offers the flags that are not there yet, and both forms of a switch', () => {
    assert.deepEqual(words('health', '-'), ['--cluster', '--json', '--format', '--aws', '--no-aws'])
    assert.deepEqual(words('health', '-c', 'x', '--json', '--'), ['--format', '--aws', '--no-aws'])
    assert.deepEqual(words('roll', '--node', '1', '--'), ['--node', '--cluster'])
  })

  it('offers the values of a flag, however it is written', () => {
    assert.deepEqual(words('health', '--format', ''), ['table', 'nagios'])
    assert.deepEqual(words('health', '--format=t'), ['table', 'nagios'])
    // What bash makes of it.
    assert.deepEqual(words('health', '--format', '=', 't'), ['table', 'nagios'])
    assert.deepEqual(words('health', '--format', '='), ['table', 'nagios'])
    assert.deepEqual(words('health', '--cluster', ''), {kind: 'cluster'})
    assert.deepEqual(words('health', '-c', ''), {kind: 'cluster'})
  })

  it('knows the cluster whose nodes are meant', () => {
    assert.deepEqual(words('node', 'logs', ''), {kind: 'node', cluster: undefined})
    assert.deepEqual(words('node', 'logs', '--cluster', 'nats-prod', ''), {kind: 'node', cluster: 'nats-prod'})
    assert.deepEqual(words('roll', '--cluster=a', '--node', ''), {kind: 'node', cluster: 'a'})
  })

  it('counts the arguments that are there', () => {
    assert.deepEqual(words('lab', 'node', ''), ['stop', 'kill'])
    assert.deepEqual(words('lab', 'node', 'stop', ''), [])
    assert.deepEqual(words('lab', 'up', ''), {kind: 'lab'})
    assert.deepEqual(words('node', 'logs', '2', ''), [])
  })

  it('offers the commands below one that is a command itself', () => {
    assert.deepEqual(words('roll', ''), ['show'])
    assert.deepEqual(words('roll', 'show', '--html', ''), {kind: 'file'})
  })

  it('leaves another program its words', () => {
    assert.deepEqual(words('exec', '--', 'cat', ''), {kind: 'file'})
  })
})
