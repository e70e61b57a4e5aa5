import assert from 'node:assert/strict'
import {renderLogLines} from '../../../src/lib/output/log-lines.ts'
import {renderRemoteText} from '../../../src/lib/output/remote-text.ts'

describe('the name of a node before its lines', () => {
  const style = {decorated: true, paint: (_tone: string, text: string): string => text}

  it('stays on one line, whatever it holds; the text keeps its own lines', () => {
    const node = 'a\nb\u001b[2J'
    assert.equal(renderLogLines([{at: null, node, text: 'one\ntwo'}], style), 'a\\x0ab\\x1b[2J one\ntwo')
    assert.equal(renderRemoteText('one\n', style, {node}), 'a\\x0ab\\x1b[2J | one')
  })
})
