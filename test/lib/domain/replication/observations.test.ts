import assert from 'node:assert/strict'
import {judgeReplication} from '../../../../src/lib/domain/replication.ts'
import {healthyObservation} from '../../../support/observations.ts'

describe('judging two observations', () => {
  it('has one verdict for every replica of a healthy cluster', () => {
    const verdictsOf = judgeReplication(healthyObservation(), healthyObservation())
    assert.deepEqual(
      verdictsOf.map(
        ({asset, node, verdict}) => `${asset.kind} ${asset.stream} ${asset.consumer ?? '-'} ${node} ${verdict}`,
      ),
      ['stream orders -', 'consumer orders worker'].flatMap((asset) =>
        ['n1', 'n2', 'n3'].map((node) => `${asset} ${node} caught-up`),
      ),
    )
  })

  it('misses what no node lists any more, and says silent where its holders do not answer', () => {
    const earlier = healthyObservation()
    const emptied = {
      ...earlier,
      nodes: earlier.nodes.map((node) => ({
        ...node,
        jetStream: node.jetStream.ok
          ? {...node.jetStream, value: {...node.jetStream.value, streams: []}}
          : node.jetStream,
      })),
    }
    assert.deepEqual(
      judgeReplication(earlier, emptied).map(({asset, node, verdict, behindBy}) => [
        asset.kind,
        node,
        verdict,
        behindBy,
      ]),
      (['stream', 'consumer'] as const).flatMap((kind) =>
        ['n1', 'n2', 'n3'].map((node) => [kind, node, 'missing', 1000]),
      ),
    )
    const silent = {
      ...earlier,
      nodes: earlier.nodes.map((node) => ({
        ...node,
        jetStream: {ok: false, problem: {kind: 'timeout', detail: ''}, at: 0} as const,
      })),
    }
    assert.deepEqual([...new Set(judgeReplication(earlier, silent).map(({verdict}) => verdict))], ['silent'])
  })
})
