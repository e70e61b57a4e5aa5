/**
 * Builds dist/ from src/, the manifest, the command reference and the help texts.
 *
 * esbuild puts each command into a file of its own and what they share into others, with the AWS clients and whatever
 * else is many small files (docs/decisions/0006). Types are checked by `npm run typecheck`, not here.
 *
 * dist/.built tells bin/run.js and script/bootstrap how old the build is.
 */
import {spawnSync} from 'node:child_process'
import {globSync, rmSync, utimesSync, writeFileSync} from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import {fileURLToPath} from 'node:url'
import {build, type Metafile, type Plugin} from 'esbuild'

/**
 * Packages that stay as they are installed: those of which we use what they do not export by their main file, or that we
 * load by `require`; and ink, whose WebAssembly looks for its own file.
 */
const APART = ['nats', 'nkeys.js', '@nats-io/jwt', 'ink', 'react']
/** Packages whose main file is CommonJS and that have the same as ES modules: an `import()` finds their names in those. */
const AS_MODULES = {yaml: './node_modules/yaml/browser/index.js'}
/** Loaded for what they do, not for what they export. */
const NAMELESS = ['reflect-metadata']
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
    alias: AS_MODULES,
    banner: {js: REQUIRE},
    plugins: [plainHttp],
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  })
  refuseNameless(metafile)
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
  if (found.length > 0) throw new Error(`a name in APART or AS_MODULES is missing: ${found.join(', ')}`)
}

/** What earlier builds left. */
function removeOthers(built: ReadonlySet<string>): void {
  for (const file of globSync('dist/**/*.{js,map}')) if (!built.has(file)) rmSync(file)
}
