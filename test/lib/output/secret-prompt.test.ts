import assert from 'node:assert/strict'
import {PassThrough} from 'node:stream'
import {askSecret} from '../../../src/lib/output/secret-prompt.ts'

describe('a question whose answer nobody may see', () => {
  it('is asked when the terminal has stopped to show what is typed, and not before', async () => {
    const diary: string[] = []
    const stdin = Object.assign(new PassThrough(), {
      setRawMode: (raw: boolean) => void diary.push(raw ? 'hidden' : 'shown'),
    })
    const stderr = {write: (text: string) => void diary.push(text)}
    const answer = askSecret('Password: ', {stdin, stderr} as unknown as Pick<NodeJS.Process, 'stdin' | 'stderr'>)
    stdin.write('sex\u007fcret\r')
    assert.equal(await answer, 'secret')
    assert.deepEqual(diary, ['hidden', 'Password: ', 'shown', '\n'])
  })
})
