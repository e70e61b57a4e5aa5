import assert from 'node:assert/strict'
import {judgeTermination, type NodeView} from '../../../src/lib/lab/terminations-judge.ts'

interface Holding {
  readonly stream: string
  readonly last: number
  /** As many as the last sequence says, unless told. */
  readonly messages?: number
  readonly members: readonly string[]
  readonly leader?: string | undefined
  readonly consumers?: readonly string[]
  /** An interest stream with a consumer, led by the stream's leader, that waits for so many messages. */
  readonly owed?: number
}

/** What a node says of itself: each stream with its own last sequence and the group as it knows it. */
function node(name: string, holdings: readonly Holding[] = [], meta: string | undefined = 'a'): NodeView {
  const stream_detail = holdings.map(
    ({stream, last, messages = last, members, leader = members[0], consumers = [], owed}) => {
      const others = members.filter((member) => member !== leader).map((member) => ({name: member}))
      const cluster = {...(leader === '' ? {} : {leader}), replicas: leader === name ? others : []}
      return {
        name: stream,
        state: {last_seq: last, messages},
        cluster,
        ...(owed === undefined ? {} : {config: {retention: 'interest'}}),
        consumer_detail: [
          ...consumers.map((consumer) => ({name: consumer, cluster: {leader: name}})),
          ...(owed === undefined ? [] : [{name: 'worker', cluster, num_pending: leader === name ? owed : 9999}]),
        ],
      }
    },
  )
  const meta_cluster = meta === undefined ? {} : {leader: meta}
  return {node: name, jetStream: {meta_cluster, account_details: [{name: 'APP', stream_detail}]}}
}

const silent = (name: string): NodeView => ({node: name, jetStream: undefined})
const group = ['a', 'b', 'c']
const whole = (last: number) => group.map((name) => node(name, [{stream: 's', last, members: group}]))

describe('the witness of a termination', () => {
  it('has nothing to say where all others hold what the leader held', () => {
    assert.deepEqual(judgeTermination('c', whole(10), whole(10)), [])
    assert.deepEqual(judgeTermination('c', whole(10), whole(12)), [])
  })

  it('also where the node to go is stopped already', () => {
    const rest = [...whole(10).slice(0, 2), silent('c')]
    assert.deepEqual(judgeTermination('c', rest, rest), [])
  })

  it('sees another replica that lacks what the leader held', () => {
    const now = [...whole(10).slice(0, 1), node('b', [{stream: 's', last: 9, members: group}]), silent('c')]
    assert.deepEqual(judgeTermination('c', now, now), [
      {kind: 'behind', what: 'b has 9 messages up to 9 of APP/s, the leader had 10 up to 10'},
    ])
    const empty = [...whole(10).slice(0, 1), node('b'), silent('c')]
    assert.deepEqual(judgeTermination('c', empty, empty), [
      {kind: 'behind', what: 'b has nothing of APP/s, the leader had 10 up to 10'},
    ])
  })

  it('sees another replica that was fed in part, though it is up to date', () => {
    const fed = (messages: number) => [
      whole(200)[0]!,
      node('b', [{stream: 's', last: 200, messages, members: group}]),
      silent('c'),
    ]
    assert.deepEqual(judgeTermination('c', fed(8), fed(8)), [
      {kind: 'behind', what: 'b has 8 messages up to 200 of APP/s, the leader had 200 up to 200'},
    ])
    assert.deepEqual(judgeTermination('c', fed(195), fed(195)), [], 'what is in flight is not missing')
  })

  it('minds of an interest stream only what its consumers wait for', () => {
    const owing = (owed: number) => {
      const hold = (name: string, messages: number) =>
        node(name, [{stream: 's', last: 200, messages, members: group, owed}])
      return [hold('a', 200), hold('b', 50), silent('c')]
    }
    assert.deepEqual(judgeTermination('c', owing(50), owing(50)), [])
    assert.deepEqual(judgeTermination('c', owing(150), owing(150)), [
      {kind: 'behind', what: 'b has 50 messages up to 200 of APP/s, the leader had 200 up to 200'},
    ])
    const gone = group.map((name) => node(name, [{stream: 's', last: 200, messages: 20, members: group, owed: 150}]))
    assert.deepEqual(judgeTermination('c', gone, gone), [], 'acknowledgements were lost, the messages are gone')
  })

  it('sees that another node does not say what it holds', () => {
    const now = [...whole(10).slice(0, 1), silent('b'), node('c', [{stream: 's', last: 10, members: group}])]
    assert.deepEqual(judgeTermination('c', now, now), [
      {kind: 'silent', what: 'b does not say what it holds'},
      {kind: 'behind', what: 'b has nothing of APP/s, the leader had 10 up to 10'},
    ])
  })

  it('does not mind a replica that lags in a group the node is not part of', () => {
    const members = ['a', 'b']
    const now = [node('a', [{stream: 's', last: 10, members}]), node('b', [{stream: 's', last: 1, members}]), node('c')]
    assert.deepEqual(judgeTermination('c', now, now), [])
  })

  it('sees a single copy of a stream or a consumer on the node', () => {
    const stream = [node('a'), node('b'), node('c', [{stream: 's', last: 5, members: ['c']}])]
    assert.deepEqual(judgeTermination('c', stream, stream), [{kind: 'single', what: 'APP/s is on c alone'}])
    const consumer = [
      ...whole(10).slice(0, 2),
      node('c', [{stream: 's', last: 10, members: group, consumers: ['worker']}]),
    ]
    assert.deepEqual(judgeTermination('c', consumer, consumer), [{kind: 'single', what: 'APP/s/worker is on c alone'}])
  })

  it('sees a group and a meta group without a leader', () => {
    const leaderless = group.map((name) => node(name, [{stream: 's', last: 10, members: group, leader: ''}]))
    assert.deepEqual(judgeTermination('c', leaderless, leaderless), [{kind: 'leaderless', what: 'APP/s has no leader'}])
    const headless = group.map((name) => node(name, [], ''))
    assert.deepEqual(judgeTermination('c', headless, headless), [
      {kind: 'leaderless', what: 'nobody knows a meta leader'},
    ])
  })
})
