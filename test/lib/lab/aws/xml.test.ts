import assert from 'node:assert/strict'
import {escapeXml, renderXml} from '../../../../src/lib/lab/aws/xml.ts'

describe('renderXml', () => {
  it('renders objects, lists, scalars, and leaves out what is undefined', () => {
    const content = {Name: 'a', Count: 0, Is: false, None: undefined, Empty: [], List: [{A: 1}, 'b']}
    assert.equal(
      renderXml('R', content, 'member', 'http://x/'),
      '<R xmlns="http://x/"><Name>a</Name><Count>0</Count><Is>false</Is><Empty/><List><member><A>1</A></member><member>b</member></List></R>',
    )
  })

  it('writes no text that could be taken for markup or that XML cannot hold', () => {
    assert.equal(escapeXml('<a href="&">\r\n\t\'é😀'), "&lt;a href=&quot;&amp;&quot;&gt;&#13;\n\t'é😀")
    assert.equal(escapeXml('\u0000\u001b[31m\ud800\ufffe'), '\ufffd\ufffd[31m\ufffd\ufffd')
  })
})
