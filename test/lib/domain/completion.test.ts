import assert from 'node:assert/strict'
import {readManifest} from '../../../script/manifest.ts'
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
  {id: 'node:logs', summary: 'Logs', args: {node: {name: 'node'}}, flags: {cluster}},
  {id: 'roll', summary: 'Roll', args: {}, flags: {node: {name: 'node', type: 'option', multiple: true}, cluster}},
  {
    id: 'roll:show',
    summary: 'Show',
    args: {id: {name: 'id'}},
    flags: {html: {name: 'html', type: 'option', helpValue: 'FILE'}},
  },
  {
    id: 'lab:node',
    summary: 'A hand',
    args: {action: {name: 'action', options: ['stop', 'kill']}, node: {name: 'node'}},
    flags: {lab: {name: 'lab', type: 'option', default: 'lab'}},
  },
  {id: 'lab:up', summary: 'Up', args: {name: {name: 'name'}}, flags: {}},
  {id: 'cert:check', args: {path: {name: 'path'}}, flags: {}, strict: false},
  {id: 'monitor', summary: 'Pages', args: {endpoint: {name: 'endpoint'}}, flags: {cluster}},
  {id: 'exec', summary: 'Run', args: {}, flags: {cluster}},
  {id: 'old', hidden: true, args: {}, flags: {}},
]

const words = (...typed: string[]) => {
  const completion = complete(typed, commands)
  return completion.kind === 'words' ? completion.candidates.map(({value}) => value) : completion
}

describe('complete', () => {
  it('offers commands and topics, each once, without what is hidden', () => {
    assert.deepEqual(words(''), ['health', 'node', 'roll', 'lab', 'cert', 'monitor', 'exec'])
    assert.deepEqual(words('node', ''), ['list', 'logs'])
    assert.deepEqual(words('nonsense', ''), [])
    assert.deepEqual(words('node', 'nonsense', ''), [])
  })

  it('describes a command by its summary, and a flag', () => {
    assert.deepEqual(complete(['he'], commands), {
      kind: 'words',
      candidates: ['health', 'node', 'roll', 'lab', 'cert', 'monitor', 'exec'].map((value) => ({
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
    assert.deepEqual(words('lab', 'node', '--lab', 'practice', 'stop', ''), {kind: 'node', cluster: 'practice'})
  })

  it('counts the arguments that are there', () => {
    assert.deepEqual(words('lab', 'node', ''), ['stop', 'kill'])
    assert.deepEqual(words('lab', 'node', 'stop', ''), {kind: 'node', cluster: 'lab'})
    assert.deepEqual(words('lab', 'node', 'stop', '2', ''), [])
    assert.deepEqual(words('cert', 'check', 'a', 'b', ''), {kind: 'file'})
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

describe('completion of every command', () => {
  const all: readonly CompletableCommand[] = Object.values(JSON.parse(readManifest()).commands)

  /** What is offered for each argument and each flag that takes a value, but one of a fixed choice. */
  const offers = all
    .filter(({hidden}) => !hidden)
    .flatMap(({id, args, flags}) => {
      const path = id.split(':')
      const offered = (...typed: string[]) => {
        const completion = complete([...path, ...typed, ''], all)
        if (completion.kind !== 'words') return completion.kind
        return completion.candidates.length === 0 ? 'text' : 'words'
      }
      const free = ({options}: {readonly options?: readonly string[] | undefined}) => options === undefined
      const places = [...Object.values(args).entries()].filter(([, arg]) => free(arg))
      const valued = Object.values(flags).filter((flag) => flag.type === 'option' && free(flag))
      return [
        ...places.map(([place, {name}]) => ({
          what: offered(...Array<string>(place).fill('x')),
          where: [...path, name.toUpperCase()].join(' '),
        })),
        ...valued.map(({name, helpValue = 'N'}) => ({what: offered(`--${name}`), where: `--${name}=${helpValue}`})),
      ]
    })

  /** What no machine knows before it has asked somebody, and amounts. */
  const open = /=(N|DAYS|DURATION|REGION|ACCOUNT|STREAM|COLUMN|PATTERN|.*[=:].*)$/

  it('offers what each value can be, or nothing for a few that are text', () => {
    const closed = offers.filter(({what, where}) => what !== 'text' || !open.test(where))
    const lines = new Set(closed.map(({what, where}) => `${what}: ${where}`))
    assert.deepEqual([...lines].sort(), [
      'cluster: --cluster=NAME',
      'cluster: --confirm=CLUSTER',
      'cluster: cluster show NAME',
      'fault: lab fault NAME',
      'file: --ca=FILE',
      'file: --events=FILE',
      'file: --file=FILE',
      'file: --html=FILE',
      'file: --key=FILE',
      'file: --nats-server=PATH',
      'file: --out=FILE',
      'file: --server=VERSION|PATH',
      'file: cert check PATH',
      'file: config check FILE',
      'file: creds show FILE',
      'folder: --ca=DIR',
      'folder: --include-root=DIR',
      'folder: --keys=DIR',
      'folder: --out=DIR',
      'folder: cert renew FOLDER',
      'lab: --lab=NAME',
      'lab: lab down NAME',
      'lab: lab env NAME',
      'lab: lab status NAME',
      'lab: lab up NAME',
      'node: --leader=NODE',
      'node: --node=NAME',
      'node: --node=NODE',
      'node: lab node NODE',
      'node: node drain NODE',
      'node: node logs NODE',
      'node: node replace NODE',
      'node: node run NODE',
      'node: node session NODE',
      'node: node status NODE',
      'rule: --ignore=RULE',
      'text: --client=NAME',
      'text: --cluster-module=NAME',
      'text: --host=HOST',
      'text: --key=U...',
      'text: --module=NAME',
      'text: --profile=NAME',
      'text: --server-version=2.15',
      'text: --service=NAME',
      'text: --synadia-module=NAME',
      'text: --synadia-prefix=PATH',
      'text: --value=VALUE',
      'text: auth user add NAME',
      'text: auth user revoke NAME',
      'text: auth user rotate NAME',
      'text: config init NAME',
      'text: consumer info CONSUMER',
      'text: consumer info STREAM',
      'text: consumer list PATTERN',
      'text: consumer list STREAM',
      'text: logs insights QUERY',
      'text: logs query QUERY',
      'text: roll show ID',
      'text: service check NAME',
      'text: service show NAME',
      'text: service switch NAME',
      'text: stream info STREAM',
      'text: stream list PATTERN',
      'words: monitor ENDPOINT',
    ])
  })
})
