import assert from 'node:assert/strict'
import {openJetStreamApi} from '../../../../src/lib/clients/nats/jetstream-api.ts'

/** Answers of a server about one stream, page by page; the last one again for whatever comes after. */
function streamOf(...pages: readonly {readonly total: number; readonly subjects: string}[]) {
  const asked: number[] = []
  const request = async (_subject: string, body: string): Promise<Uint8Array> => {
    const {offset} = JSON.parse(body)
    const {total, subjects} = pages[Math.min(asked.push(offset), pages.length) - 1]!
    const answer = `{"total": ${total}, "config": {"name": "S", "retention": "limits", "storage": "file", "num_replicas": 1,
        "max_bytes": -1, "max_msgs": -1},
      "created": "2026-01-02T03:04:05Z",
      "state": {"messages": 1, "bytes": 1, "first_seq": 1, "last_seq": 1, "consumer_count": 0, "subjects": ${subjects}}}`
    return new TextEncoder().encode(answer)
  }
  const api = openJetStreamApi({request} as never, {name: 'A', id: 'A'}, {timeoutMs: 1000})
  return {asked, subjects: async () => (await api.stream('S', {subjects: '>'})).messagesBySubject}
}

describe('the subjects of a stream', () => {
  it('are those of all pages', async () => {
    const {asked, subjects} = streamOf({total: 3, subjects: '{"a": 1, "c": 2}'}, {total: 3, subjects: '{"b": 3}'})
    assert.deepEqual([...((await subjects()) ?? [])], Object.entries({a: 1, b: 3, c: 2}))
    assert.deepEqual(asked, [0, 2])
  })

  it('end where a page brings nothing new: a name that no object keeps, a subject that has gone', async () => {
    for (const last of ['{"__proto__": 1}', '{"a": 1}', '{}']) {
      const {asked, subjects} = streamOf({total: 2, subjects: '{"a": 1}'}, {total: 2, subjects: last})
      assert.deepEqual([...((await subjects()) ?? [])], [['a', 1]])
      assert.deepEqual(asked, [0, 1])
    }
  })
})
