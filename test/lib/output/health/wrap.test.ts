import assert from 'node:assert/strict'
import {wrapSteps} from '../../../../src/lib/output/health/wrap.ts'

describe('what to do next, in lines', () => {
  const lines = (text: string): readonly string[] => wrapSteps('next  ', text, 40)

  it('is broken between its steps first', () => {
    assert.deepEqual(lines('touch no other node; watch it come back: natsops top'), [
      'next  touch no other node;',
      '      watch it come back: natsops top',
    ])
    assert.deepEqual(lines('look again; then look once more'), ['next  look again; then look once more'])
  })

  it('never breaks a command, however long: it is there to be copied', () => {
    const command = 'natsops node replace nats-prod-node-1 --cluster nats-prod'
    assert.deepEqual(lines(`${command}; look again`), [`next  ${command};`, '      look again'])
    assert.deepEqual(lines(`once nobody needs what is on its disk any more: ${command}`), [
      'next  once nobody needs what is on its',
      '      disk any more:',
      `      ${command}`,
    ])
  })

  it('breaks words as any text', () => {
    assert.deepEqual(lines('restart nodes one at a time, the next only when natsops health is ok'), [
      'next  restart nodes one at a time, the',
      '      next only when natsops health is',
      '      ok',
    ])
  })
})
