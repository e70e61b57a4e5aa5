import assert from 'node:assert/strict'
import {globSync, readFileSync} from 'node:fs'
import {readManifest} from '../script/manifest.ts'
import {openConfiguration} from '../src/lib/config.ts'
import {CONSUMER_COLUMNS} from '../src/lib/output/consumer-list.ts'
import {
  ACCOUNT_COLUMNS,
  CONNECTION_COLUMNS,
  RAFT_COLUMNS,
  REPORT_CONSUMER_COLUMNS,
  REPORT_STREAM_COLUMNS,
  SERVER_COLUMNS,
} from '../src/lib/output/reports/columns.ts'
import {STREAM_COLUMNS} from '../src/lib/output/stream-list.ts'
import {temporaryFolder} from './support/folder.ts'

interface Described {
  readonly aliases: readonly string[]
  readonly strict?: boolean
  readonly args: Readonly<Record<string, {readonly required?: boolean}>>
  readonly flags: Readonly<
    Record<
      string,
      {readonly char?: string; readonly type: string; readonly allowNo?: boolean; readonly options?: readonly string[]}
    >
  >
}

/** Keys of the columns of each command that sorts. */
const SORTED: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    'consumer:list': CONSUMER_COLUMNS,
    'report:accounts': ACCOUNT_COLUMNS,
    'report:connections': CONNECTION_COLUMNS,
    'report:consumers': REPORT_CONSUMER_COLUMNS,
    'report:jetstream': SERVER_COLUMNS,
    'report:raft': RAFT_COLUMNS,
    'report:streams': REPORT_STREAM_COLUMNS,
    'stream:list': STREAM_COLUMNS,
  }).map(([id, columns]) => [id, columns.map(({key}) => key)]),
)

/** Why a command line would not be understood; undefined where it would. */
function complain(line: string, commands: Readonly<Record<string, Described>>): string | undefined {
  const [, ...words] = (line.split(/ -- /, 1)[0] ?? '').match(/'[^']*'|"[^"]*"|\S+/g) ?? []
  const names = [3, 2, 1].map((count) => words.slice(0, count).join(':'))
  const ids = Object.entries(commands).flatMap(([id, {aliases}]) => [id, ...aliases].map((name) => [name, id] as const))
  const [name, id] = names.flatMap((each) => ids.filter(([known]) => known === each))[0] ?? []
  const command = id === undefined ? undefined : commands[id]
  if (name === undefined || !command) return 'there is no such command'
  if (words.at(-1) === '--help') return undefined
  const rest = words.slice(name.split(':').length).flatMap((word) => (word.startsWith('--') ? splitOnce(word) : word))
  let values = 0
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at]!
    if (!word.startsWith('-')) {
      values += 1
      continue
    }
    const found = Object.entries(command.flags).find(
      ([flag, {char, allowNo}]) => word === `--${flag}` || word === `-${char}` || (allowNo && word === `--no-${flag}`),
    )
    if (!found) return `${name} has no flag ${word}`
    const [, {type, options}] = found
    if (type !== 'option') continue
    at += 1
    if (rest[at] === undefined) return `${word} needs a value`
    if (options && !options.includes(rest[at]!)) return `${word} is none of ${options.join(', ')}`
    const columns = SORTED[id!]
    if (word === '--sort' && !columns) return `nobody knows the columns of ${name}`
    const unknown = word === '--sort' && rest[at]!.split(',').find((key) => !columns?.includes(key.replace(/^-/, '')))
    if (unknown) return `${name} has no column ${unknown}`
  }
  const required = Object.values(command.args).filter((arg) => arg.required).length
  if (values < required) return `${name} needs ${required} arguments`
  if (command.strict !== false && values > Object.keys(command.args).length) return `${name} takes fewer arguments`
  return undefined
}

/** `--sort=-bytes` is a flag and its value. */
function splitOnce(word: string): readonly string[] {
  const [flag = '', value] = word.split(/=(.*)/s)
  return value === undefined ? [flag] : [flag, value]
}

/** `natsops creds`: all of its commands. */
function isTopic(line: string, commands: Readonly<Record<string, Described>>): boolean {
  const [, topic, more] = line.split(' ')
  return more === undefined && Object.keys(commands).some((id) => id.startsWith(`${topic}:`))
}

describe('commands that the documentation names', () => {
  const {commands} = JSON.parse(readManifest()) as {commands: Record<string, Described>}

  for (const file of [
    ...globSync(['*.md', 'docs/**/*.md'])
      .filter((name) => name !== 'docs/commands.md')
      .sort(),
  ]) {
    it(`exist with these flags: ${file}`, () => {
      const text = readFileSync(file, 'utf8')
      const inline = [...text.matchAll(/`(natsops [^`]+)`/g)].map((match) => match[1]!)
      const blocks = [...text.matchAll(/^```[a-z]*\n(.*?)^```/gms)].map((match) => match[1]!.replace(/\\\n\s*/g, ''))
      const fenced = blocks.flatMap((block) =>
        [...block.matchAll(/^(?:\$ )?(natsops .*)$/gm)].map((match) => match[1]!),
      )
      const lines = [...inline, ...fenced].map((line) => line.replace(/ (#|>|\||;).*$/, '').trim())
      const wrong = lines
        .filter((line) => !/[[<]|\.\.\./.test(line) && !isTopic(line, commands))
        .flatMap((line) => {
          const complaint = complain(line, commands)
          return complaint === undefined ? [] : [`${line}: ${complaint}`]
        })
      assert.deepEqual(wrong, [])
      if (file === 'docs/runbook.md') assert.ok(lines.length > 40, `${lines.length} commands`)
    })
  }

  for (const file of ['README.md', 'docs/configuration.md']) {
    it(`find the clusters of a configuration as it is shown: ${file}`, async () => {
      const [, yaml = assert.fail('there is none')] = /```yaml\n(.*?)```/s.exec(readFileSync(file, 'utf8')) ?? []
      using folder = temporaryFolder({'natsops.yaml': yaml})
      const {path} = folder
      const configuration = openConfiguration({variables: {}, home: path, cwd: path, temporary: path})
      assert.equal((await configuration.cluster({})).settings.name, 'nats-prod')
      assert.equal((await configuration.cluster({cluster: 'nats-eu'})).settings.ssmPrefix, '/messaging/nats-eu')
    })
  }

  it('exist with these flags: what health tells to do next', () => {
    const texts = globSync('src/lib/domain/health/*.ts').map((name) => readFileSync(name, 'utf8'))
    const lines = texts.flatMap((text) =>
      [...text.matchAll(/(?:'|: |; )(natsops [^'`;$|]+)/g)].map((match) => match[1]!),
    )
    const wrong = lines.flatMap((line) => complain(line.trim(), commands)?.concat(` in ${line}`) ?? [])
    assert.deepEqual(wrong, [])
    assert.ok(lines.length > 12, `${lines.length} commands`)
  })

  it('are not let through when they are wrong', () => {
    for (const [line, complaint] of [
      ['natsops roll --dry-run --cluster x', undefined],
      ['natsops service ls', undefined],
      ['natsops health --no-aws', undefined],
      ['natsops exec --cluster x -- nats --server y', undefined],
      ['natsops cert generate --help', undefined],
      ['natsops rool', 'there is no such command'],
      ['natsops roll --dryrun', 'roll has no flag --dryrun'],
      ['natsops service show', 'service:show needs 1 arguments'],
      ['natsops roll --cluster', '--cluster needs a value'],
      ['natsops report connections --sort -pendingBytes', undefined],
      ['natsops report connections --sort=account,-pending', 'report:connections has no column -pending'],
      ['natsops service switch a --to there', '--to is none of self-hosted, synadia'],
    ] as const) {
      assert.equal(complain(line, commands), complaint, line)
    }
  })
})
