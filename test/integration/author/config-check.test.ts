import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import ConfigCheck from '../../../src/commands/config/check.ts'
import {parseConfiguration} from '../../../src/lib/author/parse.ts'
import {OpsError} from '../../../src/lib/errors.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {natsServerOf} from '../../support/nats-servers.ts'
import {emptyConfiguration, runCommand} from '../../support/run.ts'

/**
 * What the server's own check says of the syntax alone: a setting it does not know was read well. The words are those
 * of conf/lex.go and conf/parse.go.
 */
const SYNTAX =
  /Parse error on line|variable reference|config is invalid|is out of the range|expected (integer|float|boolean|Zulu)|error parsing include/i

const CORPUS: readonly string[] = [
  // Separators, ends, comments.
  'zz = 1\n',
  'zz: 1\n',
  'zz 1\n',
  'zz:1;yy=2\n',
  'zz: 1, yy: 2\n',
  'zz: 1 # c\n',
  'zz: 1 // c\n',
  '# c\n// d\n',
  '',
  '\r\nzz: 1\r\n',
  '\tzz\t=\t1\n',
  'zz: 1 /\n',
  'zz: 1 }\n',
  'zz: 1\n}\n',
  'zz: 1\n}\nyy: 2\n',
  '/ zz: 1\n',
  '; zz: 1',
  'zz',
  'zz\n',
  'zz:',
  'zz:\n1\n',
  'zz\n1\n',
  '= 1',
  ': 1',
  'zz:: 1',
  'zz = = 1',
  'zz: 1 yy: 2',
  '\u00a0zz: 1\n',
  'zz: é\n',
  // Keys.
  '"zz": 1\n',
  "'z z': 1\n",
  '"zz: 1\n',
  'zz{\n}\n',
  'zz {}\n',
  'zz{ a: 1 }\n',
  '"include" x\n',
  'INCLUDE nothing\n',
  // Maps.
  'zz { a: 1 }\n',
  'zz: { a: 1, b: 2 }\n',
  'zz { a: 1; b: 2\n c: 3 }\n',
  'zz { a: 1 b: 2 }\n',
  'zz { a: 1',
  'zz { a: 1 ]\n',
  'zz { "a": 1, \'b\': 2, }\n',
  'zz { a\n 1 }\n',
  'zz { a:\n 1 }\n',
  'zz { # c\n a: 1 // d\n }\n',
  'zz { / }\n',
  'zz { /a: 1 }\n',
  'zz { = 1 }\n',
  'zz { a',
  'zz {',
  'zz { a: { b: [ { c: 1 } ] } }\n',
  // JSON.
  '{"zz": 1}\n',
  '{ zz: 1\n yy: 2 }\n',
  '{ zz: 1',
  '{ zz: 1\n',
  '{}',
  '{{ zz: 1 }}\n',
  '{{ zz: 1 } yy: 2 }\n',
  '{ zz: [1, 2 ] }\n',
  '}',
  // Arrays.
  'zz: [1, 2 ]\n',
  'zz: [1,2]\n',
  'zz: [a, b]\n',
  'zz: [\n a\n b\n]\n',
  'zz: [a,]\n',
  'zz: [,a]\n',
  'zz: [a b]\n',
  'zz: [a;b]\n',
  'zz: [a',
  'zz: []\n',
  'zz: [ [ a ], { b: 1 } ]\n',
  'zz: [ # c\n a // d\n ]\n',
  'zz: [a / b]\n',
  'zz: [/a]\n',
  'zz: ]\n',
  // Numbers and what looks like them.
  'zz: -1\n',
  'zz: -\n',
  'zz: -a\n',
  'zz: -.5\n',
  'zz: .5\n',
  'zz: 1.\n',
  'zz: 1.5\n',
  'zz: 1.5s\n',
  'zz: 1.2.3\n',
  'zz: 1.2.3.4/8\n',
  'zz: 1k\n',
  'zz: 1kb\n',
  'zz: 1KiB\n',
  'zz: 1kx\n',
  'zz: 10s\n',
  'zz: 9223372036854775807\n',
  'zz: 9223372036854775808\n',
  'zz: -9223372036854775808\n',
  'zz: 2026-01-31T00:00:00Z\n',
  'zz: 2026-02-31T00:00:00Z\n',
  'zz: 2026-01-31\n',
  'zz: 20-1\n',
  'zz: -1x\n',
  'zz: 127.0.0.1:4222\n',
  'zz: 4222:1\n',
  'zz: 1]\n',
  'zz: [1k]\n',
  'zz: ١\n',
  // Texts.
  'zz: "a b"\n',
  "zz: 'a b'\n",
  'zz: "a\nb"\n',
  'zz: "a',
  "zz: 'a",
  'zz: "a" b\n',
  'zz: a b\n',
  'zz: "\\t\\n\\r\\"\\\\\\x41"\n',
  'zz: "\\q"\n',
  'zz: "\\x4"\n',
  'zz: "\\xzz"\n',
  'zz: a\\tb\n',
  'zz: a\\qb\n',
  "zz: a'b\n",
  'zz: (\nx\n)\n',
  'zz: (x)\n',
  'zz: (\nx\n) y\n',
  'zz: (\nx',
  'zz: (\n)\n',
  'zz: #\n',
  'zz: // c\n',
  'zz: nats://a:1\n',
  'zz: a=b:c\n',
  'zz: $2a$11$abc/def.\n',
  // Variables and includes.
  'X: 1\nzz: $X\n',
  'zz: $X\nX: 1\n',
  'zz: $NO_SUCH\n',
  'zz { X: 1\n a: $X\n b { c: $X } }\n',
  'zz { X: 1 }\nyy: $X\n',
  'zz: [$X]\n',
  'X: [a]\nzz: [$X, $X]\n',
  'zz: "$X"\n',
  'zz: $FROM_OUTSIDE\n',
  'zz: $BROKEN_OUTSIDE\n',
  'zz: $\n',
  'include good.inc\nzz: 1\n',
  "include 'good.inc'\n",
  'include "good.inc"\n',
  'zz { include good.inc }\n',
  'include ./good.inc; zz: 1\n',
  'include none.inc\n',
  'include bad.inc\n',
  'include\n',
  'include [good.inc]\n',
  'include "good.inc\n',
  'include 1\n',
  'include /good.inc\n',
  'include good.inc\nzz: $INCLUDED\n',
  'OURS: 1\ninclude needs.inc\n',
  'include: good.inc\n',
  'include = 1\n',
]

/** natsops refuses these on purpose: the server drops a setting without a word. docs/config-check.md says so. */
const REFUSED_ON_PURPOSE: readonly string[] = ['zz: 1kbb\n', 'zz { a: }\n', 'zz { , }\n', 'zz: ["', '"']

const INCLUDED = {
  'good.inc': 'INCLUDED: 1\n',
  'bad.inc': 'a: [\n',
  'needs.inc': 'a: $OURS\n',
}
const OUTSIDE = {FROM_OUTSIDE: '{a: [1, 2 ]}', BROKEN_OUTSIDE: '['}

for (const series of ['2.10', '2.15'] as const) {
  describe(`the reader of configurations against nats-server ${series}`, () => {
    const server = natsServerOf(series)
    let folder: ReturnType<typeof temporaryFolder>
    before(() => {
      folder = temporaryFolder(INCLUDED)
    })
    after(() => folder[Symbol.dispose]())

    const serverReads = (name: string, text: string): Promise<boolean> => {
      const path = join(folder.path, name)
      writeFileSync(path, text)
      return new Promise((resolve) => {
        execFile(server.path, ['-t', '-c', path], {env: OUTSIDE}, (_error, _stdout, stderr) =>
          resolve(!SYNTAX.test(stderr)),
        )
      })
    }
    const weRead = async (name: string, text: string): Promise<boolean> => {
      const {readFile} = await import('node:fs/promises')
      const source = {
        read: async (path: string) => (path.endsWith(name) ? text : readFile(path, 'utf8')),
        variable: (variable: string) => (OUTSIDE as Readonly<Record<string, string>>)[variable],
      }
      return parseConfiguration(join(folder.path, name), source).then(
        () => true,
        (error: unknown) => {
          if (error instanceof OpsError || (error as NodeJS.ErrnoException).code === 'ENOENT') return false
          throw error
        },
      )
    }

    it('agrees on what is a configuration', async function () {
      this.timeout(600_000)
      const differing: string[] = []
      let accepted = 0
      for (const [index, text] of CORPUS.entries()) {
        const name = `${index}.conf`
        const [theirs, ours] = await Promise.all([serverReads(name, text), weRead(name, text)])
        if (theirs) accepted += 1
        if (theirs !== ours) differing.push(`${JSON.stringify(text)}: the server ${theirs ? 'reads' : 'refuses'} it`)
      }
      assert.deepEqual(differing, [])
      // Neither side of the corpus is empty, so that agreement means something.
      assert.ok(accepted > 60 && accepted < CORPUS.length - 50, `${accepted} of ${CORPUS.length} are accepted`)
    })

    it('refuses only what the documentation says where the server does not', async () => {
      for (const [index, text] of REFUSED_ON_PURPOSE.entries()) {
        const name = `purpose-${index}.conf`
        assert.deepEqual([await serverReads(name, text), await weRead(name, text)], [true, false], text)
      }
    })

    it('has the words of the server in a check, without a secret', async () => {
      const file = join(folder.path, 'whole.conf')
      const text = `server_name: n1
listen: "127.0.0.1:-1"
max_connections: 10
lame_duck_duration: "60s"
authorization { user: a, password: "$2a$11$aaaaaaaaaaaaaaaaaaaaaa" }
tls { cert_file: "/nonexistent/server.crt", key_file: "/nonexistent/server.key" }
ping_interval: 20
cluster { name: c, listen: "127.0.0.1:6222", ping_interval: "2m" }
bogus { password: s3cret }
`
      writeFileSync(file, text, {mode: 0o600})
      const configuration = emptyConfiguration({PATH: ''})
      const run = (argv: readonly string[]) =>
        runCommand(ConfigCheck, [file, '--nats-server', server.path, ...argv], {configuration})
      const {stdout, exitCode} = await run([])
      assert.equal(exitCode, 21)
      assert.deepEqual(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => line.split('\t').slice(1, 4).join(' ')),
        [
          `critical nats-server ${server.version}`,
          `critical server-refuses ${file}:9`,
          `warning server-file-missing ${file}:6`,
          `warning duration-number ${file}:7`,
          `warning server-warns ${file}:7`,
          `warning server-warns ${file}:8`,
        ],
      )
      assert.doesNotMatch(stdout, /s3cret/)
      writeFileSync(file, text.split('\n').slice(0, 5).join('\n'))
      const good = JSON.parse((await run(['--json'])).stdout)
      assert.deepEqual([good.verdict, good.server.version, good.files[0].accepted], ['ok', server.version, true])
    })
  })
}
