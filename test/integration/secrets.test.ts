import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {text} from 'node:stream/consumers'
import {inTurns} from '../../src/lib/domain/in-turns.ts'
import {startLab, type TestLab} from '../support/lab.ts'

/** Every command that has something to do with credentials, each with what makes it talk the most. */
const lines = [
  'cluster show lab',
  'creds show',
  'creds fetch',
  'doctor',
  'health',
  'node list',
  'node status 1',
  'node run 1 -- true',
  'node logs 1',
  'node session 1',
  'logs bootstrap',
  'logs query',
  'report jetstream',
  'report streams --source account',
  'report raft --source monitor',
  'report connections',
  'stream list',
  'stream info pivot_main',
  'consumer info pivot_main facebox',
  'monitor varz --node 1',
  'service list',
  'service show facebox',
  'service check facebox',
  'roll --dry-run',
  'roll status',
  'lab status lab',
  'exec -- true',
]

describe('secrets', function () {
  // Each asks all of the lines.
  this.timeout(900_000)
  let lab: TestLab
  let secrets: readonly (readonly [name: string, value: string])[]

  before(async () => {
    lab = await startLab()
    const {settings, aws} = await lab.cluster()
    const parameters = await (await (await aws()).parameters()).list(settings.ssmPrefix, {decrypt: true})
    const {control, aws: access, axiom} = lab.record
    secrets = [
      ...parameters.filter(({secure}) => secure).map(({name, value}) => [name, value.trim()] as const),
      ['the key of the control API', control.key],
      ['the secret access key', access.secretAccessKey],
      ...(axiom ? [['the Axiom token', axiom.token] as const] : []),
    ]
    assert.ok(secrets.length >= 9, `${secrets.length} secrets`)
  })
  after(() => lab?.stop())

  /** As a user who wants to know everything: --debug, and oclif's own DEBUG. */
  const run = async (line: string, ...flags: readonly string[]): Promise<string> => {
    const [own = '', ...program] = line.split(' -- ')
    const isLocal = /^(cluster|lab) /.test(own)
    const words = [...own.split(' '), ...(isLocal ? [] : ['--cluster', 'lab']), ...flags, '--debug']
    const argv = [...words, ...(program.length > 0 ? ['--', ...program] : [])]
    const {PATH, ...variables} = lab.variables
    const env = {
      ...variables,
      PATH,
      DEBUG: '*',
      AXIOM_TOKEN: lab.record.axiom?.token ?? '',
      AXIOM_URL: lab.record.axiom?.url ?? '',
    }
    const child = spawn(process.execPath, ['bin/run.js', ...argv], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 150_000,
    })
    return (await Promise.all([text(child.stdout), text(child.stderr)])).join('')
  }

  for (const flags of [[], ['--json']]) {
    it(`are in nothing that a command prints with --debug ${flags.join(' ')}`, async () => {
      await inTurns(lines, 2, async (line) => {
        if (line.startsWith('exec') && flags.length > 0) return
        const output = await run(line, ...flags)
        assert.notEqual(output, '', line)
        for (const [name, value] of secrets) assert.ok(!output.includes(value), `natsops ${line} prints ${name}`)
      })
    })
  }
})
