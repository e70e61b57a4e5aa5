import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {chmodSync, mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {readManifest} from '../../script/manifest.ts'
import {inTurns} from '../../src/lib/domain/in-turns.ts'
import {Exit, verdictExits} from '../../src/lib/errors.ts'
import {startLab, type TestLab} from '../support/lab.ts'

/** Not run here: what never ends, what changes the cluster (tests of its own do), and what needs other programs. */
const ELSEWHERE =
  /--watch|--follow|--confirm|^natsops (top|lab up|node session|auth passwd)|lab fault on|--forward|\| (jq|source)|fpath|-- nats /

/** What an example may end with on a cluster that is well but has not what the example calls by name. */
const ANSWERS: readonly number[] = [...Object.values(verdictExits), Exit.refused, Exit.unreachable, Exit.notFound]

/** Usage errors that say: the line is understood, and what it names does not exist here, or nobody can agree to it. */
const NOT_HERE = /--confirm nats-prod|there is no file|is no user of|is no asset with a single replica/

describe('the examples of every help', () => {
  let lab: TestLab
  let folder: string

  before(async () => {
    // The name that the examples use.
    lab = await startLab({name: 'nats-prod'})
    folder = join(lab.folder, 'work')
    mkdirSync(join(folder, 'clusters'), {recursive: true})
    writeFileSync(join(folder, 'natsops'), `#!/bin/sh\nexec '${process.execPath}' '${process.cwd()}/bin/run.js' "$@"\n`)
    chmodSync(join(folder, 'natsops'), 0o755)
  })
  after(() => lab?.stop())

  const run = async (line: string) => {
    const {axiom: {url = '', token = ''} = {}} = lab.record
    const axiom = {AXIOM_URL: url, AXIOM_TOKEN: token}
    const PATH = `${folder}:${lab.variables.PATH}`
    const env = {...lab.variables, PATH, CLUSTER_NAME: 'nats-prod', ...axiom}
    const child = spawn('sh', ['-c', line], {cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000})
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
    const [output, words, status] = await Promise.all([text(child.stdout), text(child.stderr), closed])
    return {output, words, status}
  }

  it('are command lines that work', async () => {
    const commands: Record<string, {examples?: string[]}> = JSON.parse(readManifest()).commands
    const examples = Object.entries(commands).flatMap(([id, {examples = []}]) =>
      examples.map((example) =>
        example.replaceAll('<%= config.bin %>', 'natsops').replaceAll('<%= command.id %>', id.replaceAll(':', ' ')),
      ),
    )
    const here = examples.filter((line) => !ELSEWHERE.test(line))
    assert.ok(here.length > 80, `${here.length} of ${examples.length} examples`)
    // What the others of authoring need comes first, one after the other.
    const first = ['natsops config init nats-prod', 'natsops cert generate --file cluster.yaml']
    for (const line of first) assert.equal((await run(line)).status, 0, line)
    const rest = here.filter((line) => !first.includes(line))
    const wrong = await inTurns(rest, 2, async (line) => {
      const {output, words, status} = await run(line)
      const isUnderstood = status === Exit.usage && NOT_HERE.test(output + words)
      return isUnderstood || ANSWERS.includes(status ?? -1) ? [] : [`${line}: exit status ${status}\n${words}`]
    })
    assert.deepEqual(wrong.flat(), [])
  })
})
