import assert from 'node:assert/strict'
import {openConfiguration} from '../../../src/lib/config.ts'

describe('the environment', () => {
  describe('colour', () => {
    for (const [flag, variables, expected] of [
      [undefined, {}, true],
      [false, {FORCE_COLOR: '1'}, false],
      [true, {NO_COLOR: '1', TERM: 'dumb'}, true],
      [undefined, {NO_COLOR: '1', FORCE_COLOR: '1'}, false],
      [undefined, {NO_COLOR: ''}, true],
      [undefined, {FORCE_COLOR: '1', TERM: 'dumb'}, true],
      [undefined, {FORCE_COLOR: '0'}, false],
      [undefined, {TERM: 'dumb'}, false],
      [undefined, {TERM: 'xterm'}, true],
    ] as const) {
      it(`is ${expected} with flag ${flag} and ${JSON.stringify(variables)}`, () => {
        assert.equal(openConfiguration({variables, home: '/', cwd: '/'}).colour(flag), expected)
      })
    }
  })

  it('animates a terminal that is no dumb one, with or without colour', () => {
    const animates = (variables: Record<string, string>) =>
      openConfiguration({variables, home: '/', cwd: '/'}).animation()
    assert.deepEqual([{}, {NO_COLOR: '1', TERM: 'xterm'}, {FORCE_COLOR: '1', TERM: 'dumb'}].map(animates), [
      true,
      true,
      false,
    ])
  })

  describe('service', () => {
    const open = (variables: Record<string, string>) => openConfiguration({variables, home: '/', cwd: '/'})

    it('is the flag, then NATSOPS_SERVICE, then SERVICE_NAME', () => {
      const variables = {NATSOPS_SERVICE: 'messenger', SERVICE_NAME: 'facebox'}
      assert.equal(open(variables).service('x'), 'x')
      assert.equal(open(variables).service(undefined), 'messenger')
      assert.equal(open({SERVICE_NAME: 'facebox'}).service(undefined), 'facebox')
      assert.equal(open({SERVICE_NAME: ''}).service(undefined), undefined)
    })

    it('is refused where it would lead out of the parameter path', () => {
      assert.throws(() => open({}).service('../admin'), {message: /^--service "\.\.\/admin" is no name of a service: /})
      assert.throws(() => open({SERVICE_NAME: 'a/b'}).service(undefined), {message: /^SERVICE_NAME "a\/b" is no name/})
    })
  })

  it("gives a child our environment with changes, never 'undefined' as a text", () => {
    const configuration = openConfiguration({variables: {A: '1', B: '2', EMPTY: ''}, home: '/', cwd: '/'})
    assert.deepEqual(configuration.childEnvironment({B: undefined, C: '3'}), {A: '1', EMPTY: '', C: '3'})
    assert.deepEqual([configuration.variable('A'), configuration.variable('EMPTY')], ['1', undefined])
  })

  it('reads the real environment where nothing else is given', () => {
    const configuration = openConfiguration()
    assert.equal(configuration.variable('PATH'), process.env.PATH)
  })
})
