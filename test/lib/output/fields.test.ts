import assert from 'node:assert/strict'
import {renderFields} from '../../../src/lib/output/fields.ts'

const fields = [
  ['file', '/x'],
  ['publish', ['a.>', 'b\u001b[2J']],
  ['nothing', []],
] as const

describe('renderFields', () => {
  it('aligns values on a terminal, names only once', () => {
    const paint = (tone: string, text: string): string => `<${tone}>${text}</>`
    const text = renderFields(fields, {decorated: true, paint})
    assert.equal(text, '<dim>file</>     /x\n<dim>publish</>  a.>\n<dim></>         b\\x1b[2J')
  })

  it('makes a name printable that a server chose, and aligns by what is shown', () => {
    const chosen = [['\u001b[2J\nx', 'a']] as const
    const paint = (_tone: string, text: string): string => text
    assert.equal(renderFields(chosen, {decorated: false, paint}), '\\x1b[2J\\x0ax\ta')
    assert.equal(renderFields(chosen, {decorated: true, paint}), '\\x1b[2J\\x0ax  a')
  })

  it('writes name and value on every line in a pipe', () => {
    const text = renderFields(fields, {decorated: false, paint: (_tone, each) => each})
    assert.equal(text, 'file\t/x\npublish\ta.>\npublish\tb\\x1b[2J')
  })
})
