import assert from 'node:assert/strict'
import {checkLabName, findLabNode, labFiles, natsUrls, planNodes} from '../../../src/lib/lab/plan.ts'

describe('planNodes', () => {
  it('gives each node the names of the conventions and three ports of its own', () => {
    assert.deepEqual(planNodes('blue', 2, [1, 2, 3, 4, 5, 6]), [
      {
        name: 'blue-node-1',
        host: '127.0.0.1',
        clientPort: 1,
        clusterPort: 2,
        monitorPort: 3,
        asg: 'blue-node-1-asg',
        instanceName: 'blue-node-1',
      },
      {
        name: 'blue-node-2',
        host: '127.0.0.1',
        clientPort: 4,
        clusterPort: 5,
        monitorPort: 6,
        asg: 'blue-node-2-asg',
        instanceName: 'blue-node-2',
      },
    ])
  })

  it('makes one client URL a node', () => {
    const nodes = planNodes('blue', 2, [1, 2, 3, 4, 5, 6])
    assert.deepEqual(natsUrls({nodes}), ['nats://127.0.0.1:1', 'nats://127.0.0.1:4'])
  })
})

describe('findLabNode', () => {
  const plan = {name: 'lab', nodes: planNodes('lab', 3, [1, 2, 3, 4, 5, 6, 7, 8, 9])}

  for (const text of ['2', 'node-2', 'lab-node-2']) {
    it(`knows ${text}`, () => assert.equal(findLabNode(plan, text).name, 'lab-node-2'))
  }
  for (const text of ['', '4', '22', 'lab', 'blue-node-2', 'LAB-NODE-2']) {
    it(`does not know ${JSON.stringify(text)}`, () => assert.throws(() => findLabNode(plan, text), {exit: 2}))
  }
})

describe('checkLabName', () => {
  for (const name of ['lab', 'a', 'nats-staging', 'x2', 'l'.repeat(40)]) {
    it(`takes ${name}`, () => checkLabName(name))
  }
  for (const name of ['', '-a', 'a-', 'A', 'a_b', 'a.b', '..', 'a/b', 'a b', 'a\n', '2a', 'l'.repeat(41)]) {
    it(`refuses ${JSON.stringify(name)}`, () => assert.throws(() => checkLabName(name), {code: 'USAGE'}))
  }
})

describe('labFiles', () => {
  it('keeps everything of a lab in one folder', () => {
    const {folder, ...rest} = labFiles('/state/labs', 'blue')
    assert.equal(folder, '/state/labs/blue')
    for (const path of Object.values(rest)) assert.ok(path.startsWith(`${folder}/`), path)
  })
})
