import assert from 'node:assert/strict'
import {installHints, isRecentPlugin, parseForward} from '../../../src/lib/domain/session-plugin.ts'

describe('the Session Manager plugin', () => {
  for (const [version, expected] of [
    ['1.2.536.0\n', true],
    ['1.2.650.0', true],
    ['1.3', true],
    ['2.0.0.0', true],
    ['1.2.497.0', false],
    ['1.2.535.9', false],
    ['1.2', false],
    ['', false],
    ['v1.2.650.0', false],
    ['1.2.650.0 and more', false],
  ] as const) {
    it(`${expected ? 'is' : 'is not'} recent enough as ${JSON.stringify(version)}`, () => {
      assert.equal(isRecentPlugin(version), expected)
    })
  }

  it('is installed differently everywhere, and described for what nobody knows', () => {
    assert.equal(installHints('darwin', 'arm64')[0], 'brew install --cask session-manager-plugin')
    assert.match(installHints('linux', 'arm64')[0] ?? '', /ubuntu_arm64/)
    assert.match(installHints('linux', 'x64')[1] ?? '', /dnf install -y \S+linux_64bit/)
    assert.match(installHints('win32', 'x64')[0] ?? '', /\.exe$/)
    assert.equal(installHints('aix', 'ppc64').length, 1)
  })

  for (const [text, expected] of [
    ['18222:8222', {local: 18222, remote: 8222}],
    ['8222', {local: 8222, remote: 8222}],
    ['1:65535', {local: 1, remote: 65_535}],
    ['0:1', undefined],
    ['1:65536', undefined],
    ['', undefined],
    ['a:b', undefined],
    ['1:2:3', undefined],
    ['-1:2', undefined],
    ['1:', undefined],
  ] as const) {
    it(`${expected ? 'forwards' : 'does not forward'} ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseForward(text), expected)
    })
  }
})
