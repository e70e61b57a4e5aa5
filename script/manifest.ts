/**
 * Writes oclif.manifest.json: what oclif needs to know of every command without importing it.
 *
 * Made from the sources, which Node runs as they are, so that it cannot be made from a stale build. The `oclif` package
 * has the same in its `manifest` command, and some six hundred packages besides.
 */
import {readFileSync, writeFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {Plugin} from '@oclif/core'

const root = fileURLToPath(new URL('..', import.meta.url))
const file = fileURLToPath(new URL('../oclif.manifest.json', import.meta.url))

/** The manifest's whole text. Throws where a command cannot be imported. */
export async function describeCommands(): Promise<string> {
  const packageJson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const commands = {...packageJson.oclif.commands, target: './src/commands'}
  const plugin = new Plugin({
    root,
    isRoot: true,
    type: 'core',
    pjson: {...packageJson, oclif: {...packageJson.oclif, commands}},
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  })
  await plugin.load()
  const described = Object.entries(plugin.manifest.commands)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, command]) => [id, {...command, relativePath: builtPath(command.relativePath ?? [])}])
  return `${JSON.stringify({commands: Object.fromEntries(described), version: plugin.version}, null, 2)}\n`
}

/** The manifest as it stands on disk, '' where there is none. */
export function readManifest(): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** src/commands/creds/fetch.ts runs as dist/commands/creds/fetch.js. */
function builtPath([, ...rest]: readonly string[]): readonly string[] {
  return ['dist', ...rest.map((part) => part.replace(/\.ts$/, '.js'))]
}

if (import.meta.main) {
  const text = await describeCommands()
  if (text !== readManifest()) {
    writeFileSync(file, text)
    console.log('wrote oclif.manifest.json')
  }
}
