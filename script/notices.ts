/**
 * The third-party code in a build, with its licences: whoever passes the build on has to pass these on too.
 */
import {globSync, readFileSync} from 'node:fs'
import type {Metafile} from 'esbuild'

interface Bundled {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly texts: readonly string[]
}

const FILES = '{LICEN[CS]E,licen[cs]e,COPYING,NOTICE,notice}*'

/** What dist/THIRD-PARTY-NOTICES.txt says. Throws where a package names no licence. */
export function describeBundled(metafile: Metafile): string {
  const packages = listFolders(metafile).map(describePackage)
  const list = new Set(packages.map(({name, version, license}) => `${name} ${version} (${license})`).sort())
  return [
    'The build of natsops contains code of these packages:',
    [...list].join('\n'),
    ...[...groupByText(packages)].map(([text, names]) => `${'-'.repeat(80)}\n${[...names].join(', ')}\n\n${text}`),
    '',
  ].join('\n\n')
}

/** The folders of the packages that code was taken from. */
function listFolders({outputs}: Metafile): readonly string[] {
  const files = Object.values(outputs).flatMap(({inputs}) =>
    Object.entries(inputs).flatMap(([file, {bytesInOutput}]) => (bytesInOutput > 0 ? [file] : [])),
  )
  const folders = files.map((file) => /^(.*node_modules\/(@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort()
}

function describePackage(folder: string): Bundled {
  const {name, version, license, author} = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  if (typeof license !== 'string') throw new Error(`${folder}/package.json names no licence`)
  const texts = globSync(FILES, {cwd: folder})
    .sort()
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim())
  const owner = typeof author === 'object' ? author.name : author
  return {
    name,
    version,
    license,
    texts: texts.length > 0 ? texts : [`${license}, ${owner ?? `the authors of ${name}`}`],
  }
}

/** The same text stands once, though for many packages. */
function groupByText(packages: readonly Bundled[]): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>()
  for (const {name, version, texts} of packages) {
    for (const text of texts) names.set(text, (names.get(text) ?? new Set()).add(`${name} ${version}`))
  }
  return names
}
