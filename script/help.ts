/**
 * What `--help` says of every command and topic, in 80 columns, as dist/help.json for bin/run.js, which answers from it
 * without loading oclif; and as docs/commands.md, the command reference.
 *
 * script/help.ts          writes dist/help.json
 * script/help.ts --docs   writes docs/commands.md
 */
import {readFileSync, writeFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {stripVTControlCharacters} from 'node:util'
import type {Config} from '@oclif/core'

/** Command words, '' for natsops itself, to the text of its help with its emphasis as escape sequences. */
export type HelpTexts = Readonly<Record<string, string>>

const root = fileURLToPath(new URL('..', import.meta.url))
const reference = fileURLToPath(new URL('../docs/commands.md', import.meta.url))
/** Stands for what only the machine that shows the help knows: version, platform and Node. */
const USER_AGENT = '{userAgent}'

/** Everything comes from oclif.manifest.json: no command is imported, and nothing has to be built. */
export async function renderHelps(): Promise<HelpTexts> {
  const {Config} = await import('@oclif/core')
  const {default: NatsopsHelp} = await import('../src/lib/help.ts')

  class RecordedHelp extends NatsopsHelp {
    text = ''
    protected override log(...lines: string[]): void {
      this.text += `${lines.join(' ')}\n`
    }
  }

  const open = async (): Promise<Config> => {
    const config = await Config.load({root, userPlugins: false, devPlugins: false})
    Object.assign(config, {userAgent: USER_AGENT})
    return config
  }
  const {commandIDs, topics} = await open()
  const ids = [...new Set(['', ...commandIDs, ...topics.map(({name}) => name)])].sort()
  const texts: [string, string][] = []
  for (const id of ids) {
    // oclif changes the commands that it has shown: each help has a configuration of its own.
    const help = new RecordedHelp(await open(), {maxWidth: 80})
    await help.showHelp(id === '' ? [] : id.split(':'))
    texts.push([id.replaceAll(':', ' '), help.text])
  }
  return Object.fromEntries(texts)
}

/** The command reference, made of the helps of all commands that are not hidden; aliases and topics have none of their own. */
export async function renderReference(): Promise<string> {
  const texts = await renderHelps()
  const {commands} = JSON.parse(readFileSync(new URL('../oclif.manifest.json', import.meta.url), 'utf8'))
  const shown = Object.entries<{hidden?: boolean}>(commands).filter(([, {hidden}]) => !hidden)
  const ids = shown.map(([id]) => id.replaceAll(':', ' '))
  const section = (id: string): string => {
    const [summary = '', ...rest] = stripVTControlCharacters(texts[id] ?? '')
      .trimEnd()
      .split('\n')
    return `## natsops ${id}\n\n${summary}.\n\n\`\`\`text\n${rest.join('\n').trim()}\n\`\`\`\n`
  }
  const list = ids.map((id) => `- [natsops ${id}](#natsops-${id.replaceAll(' ', '-')})`)
  return [
    '# Commands',
    '',
    'Generated from the commands themselves by `npm run build`; the same text as `natsops COMMAND --help`.',
    '',
    ...list,
    '',
    ids.map(section).join('\n'),
  ].join('\n')
}

/** docs/commands.md as it stands on disk, '' where there is none. */
export function readReference(): string {
  try {
    return readFileSync(reference, 'utf8')
  } catch {
    return ''
  }
}

if (import.meta.main) {
  // Read by oclif's library for colours when it is loaded.
  process.env.FORCE_COLOR = '1'
  if (process.argv.includes('--docs')) writeFileSync(reference, await renderReference())
  else writeFileSync(`${root}/dist/help.json`, JSON.stringify(await renderHelps()))
}
