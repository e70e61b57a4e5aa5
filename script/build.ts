/**
 * Builds dist/ from src/, the manifest, the command reference and the help texts.
 *
 * esbuild puts each command into a file of its own and what they share into others, with the AWS clients and whatever
 * else is many small files (docs/decisions/0006). Types are checked by `npm run typecheck`, not here.
 *
 * dist/THIRD-PARTY-NOTICES.txt has the licences of what was bundled.
 * dist/.built tells bin/run.js and script/bootstrap how old the build is.
 */
import {spawnSync} from 'node:child_process'
import {globSync, readFileSync, rmSync, utimesSync, writeFileSync} from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import {fileURLToPath} from 'node:url'
import {build, type Metafile, type Plugin} from 'esbuild'
import {describeBundled} from './notices.ts'

/** What an installed natsops takes from node_modules. All else is bundled, and a development dependency. */
const {dependencies} = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
/**
 * Loaded by a `require` of ours, which is none to the bundler. Not so in the packages that are bundled: they ask for other
 * versions, and get them.
 */
const REQUIRED = 'string-width'
/** The packages of NATS: we use what they do not export by their main file. */
const APART = Object.keys(dependencies).filter((name) => name !== REQUIRED)
/** Packages whose main file is CommonJS and that have the same as ES modules: an `import()` finds their names in those. */
const AS_MODULES = {yaml: './node_modules/yaml/browser/index.js'}
/** Loaded for what they do, not for what they export. */
const NAMELESS = ['reflect-metadata']
/** React's other build takes notes of every drawing and keeps them. */
const DEFINE = {'process.env.NODE_ENV': '"production"'}
/** For the CommonJS among what is bundled. */
const REQUIRE =
  "import {createRequire as natsopsRequire} from 'node:module'; const require = natsopsRequire(import.meta.url);"

/**
 * An `import` of node:http reads each of its exports, and behind one of them Node loads a WebSocket client: 30 ms, as
 * long as Node itself takes. The module is the same without it.
 */
const plainHttp: Plugin = {
  name: 'plain-http',
  setup: ({onResolve, onLoad}) => {
    onResolve({filter: /^(node:)?https?$/}, ({path}) => ({path: path.replace('node:', ''), namespace: 'plain-http'}))
    onLoad({filter: /.*/, namespace: 'plain-http'}, ({path}) => {
      const properties = Object.getOwnPropertyDescriptors(path === 'http' ? http : https)
      const names = Object.entries(properties).flatMap(([name, {get}]) => (get ? [] : [name]))
      const contents = `const module = process.getBuiltinModule('node:${path}')
        export default module
        export const {${names.join(', ')}} = module`
      return {contents}
    })
  },
}

/**
 * What ink and oclif have for their own developers, and would turn on by the variables DEV and NODE_ENV: a connection to
 * React's debugger, commands as TypeScript.
 */
const noDevelopment: Plugin = {
  name: 'no-development',
  setup: ({onResolve, onLoad}) => {
    onResolve({filter: /^(\.\/devtools\.js|typescript)$/}, ({path}) => ({path, namespace: 'no-development'}))
    onLoad({filter: /.*/, namespace: 'no-development'}, () => ({contents: ''}))
  },
}

/**
 * An AWS client describes all of its service's data, EC2's in a megabyte that was read and evaluated at each start. Keys
 * written as `[_name]` keep esbuild from seeing that a description has no effect and can go; their text is the same key.
 */
const plainSchemas: Plugin = {
  name: 'plain-schemas',
  setup: ({onLoad}) => {
    onLoad({filter: /@aws-sdk\/client-[\w-]+\/dist-es\/schemas\/schemas_0\.js$/}, ({path}) => {
      const source = readFileSync(path, 'utf8')
      const texts = new Map(
        [...source.matchAll(/^const (_\w+) = ("[^"\\]*");$/gm)].map(([, name, text]) => [name, text]),
      )
      return {contents: source.replace(/\[(_\w+)\]:/g, (key, name) => (texts.has(name) ? `${texts.get(name)}:` : key))}
    })
  },
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
// Taken before compiling: a source saved meanwhile is newer than the build.
const started = new Date()
removeOthers(await bundle())
// CI builds what was committed: there tests compare the manifest and the reference with the sources.
if (process.env.CI !== 'true') {
  execute('script/manifest.ts')
  execute('script/help.ts', '--docs')
}
execute('script/help.ts')
writeFileSync('dist/.built', '')
utimesSync('dist/.built', started, started)

function execute(script: string, ...args: readonly string[]): void {
  const {status} = spawnSync(process.execPath, [script, ...args], {stdio: 'inherit'})
  if (status !== 0) process.exit(status ?? 1)
}

/** Returns the files it wrote. */
async function bundle(): Promise<ReadonlySet<string>> {
  const programs = ['src/lib/help.ts', 'src/lib/lab/supervisor-main.ts', 'src/lib/ops/credentials-remover.ts']
  const entries = [...globSync('src/commands/**/*.ts'), ...globSync('src/lib/hooks/*.ts'), ...programs]
  const {metafile} = await build({
    entryPoints: [
      {in: '@oclif/core/execute', out: 'oclif'},
      ...entries.map((file) => ({in: file, out: file.slice('src/'.length, -'.ts'.length)})),
    ],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    external: APART,
    define: DEFINE,
    alias: AS_MODULES,
    banner: {js: REQUIRE},
    plugins: [plainHttp, noDevelopment, plainSchemas],
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  })
  refuseNameless(metafile)
  writeFileSync('dist/THIRD-PARTY-NOTICES.txt', describeBundled(metafile))
  return new Set(Object.keys(metafile.outputs))
}

/** Node finds the names that CommonJS exports, a bundle does not: what is taken from its `import()` would be undefined. */
function refuseNameless({inputs}: Metafile): void {
  const found = Object.entries(inputs).flatMap(([file, {imports}]) =>
    imports
      .filter(({kind, path}) => kind === 'dynamic-import' && inputs[path]?.format === 'cjs')
      .filter(({path}) => !NAMELESS.some((name) => path.startsWith(`node_modules/${name}/`)))
      .map(({path}) => `${file} imports ${path}`),
  )
  if (found.length > 0)
    throw new Error(`a name in AS_MODULES or package.json's dependencies is missing: ${found.join(', ')}`)
}

/** What earlier builds left. */
function removeOthers(built: ReadonlySet<string>): void {
  for (const file of globSync('dist/**/*.{js,map}')) if (!built.has(file)) rmSync(file)
}
