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
import {isBuiltin} from 'node:module'
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
  "const natsopsRequire = process.getBuiltinModule('node:module').createRequire(import.meta.url);" +
  'const require = Object.assign((id) => process.getBuiltinModule(id) ?? natsopsRequire(id), natsopsRequire);'

/** Behind these exports of node:http Node loads a WebSocket client, which takes as long as Node itself. */
const UNWANTED = ['WebSocket', 'CloseEvent', 'MessageEvent']

/**
 * An `import` of one of Node's modules reads every export, and some of them load more when they are read. Here only those
 * are read that somebody uses.
 */
const plainBuiltins: Plugin = {
  name: 'plain-builtins',
  setup: ({onResolve, onLoad}) => {
    onResolve({filter: /^[\w:/]+$/}, ({path, kind}) => {
      if (!isBuiltin(path) || !(kind === 'import-statement' || kind === 'dynamic-import')) return undefined
      // An `import()` counts as a use of every export: it gets a module of its own.
      const suffix = kind === 'dynamic-import' ? '?whole' : ''
      return {path: path.replace(/^node:/, ''), namespace: 'plain-builtins', suffix}
    })
    onLoad({filter: /.*/, namespace: 'plain-builtins'}, ({path}) => {
      const names = Object.keys(process.getBuiltinModule(`node:${path}`) ?? {})
      const wanted = names.filter((name) => name !== 'default' && !UNWANTED.includes(name))
      const contents = `const module = process.getBuiltinModule('node:${path}')
        export default module
        ${wanted.map((name) => `export const ${name} = /* @__PURE__ */ (() => module.${name})()`).join('\n')}`
      return {contents}
    })
  },
}

/** What oclif does in every run and natsops has no use for: the text in its file, and what stands there instead. */
const UNUSED = [
  // Sorting by the rules of a language loads these rules; ids are plain words.
  {file: 'config/plugin.js', text: 'a.id.localeCompare(b.id)', instead: '(a.id < b.id ? -1 : 1)'},
  // It ends a process whose reader takes longer than ten seconds, and what was not read is lost. Node itself waits.
  {file: 'core/lib/execute.js', text: 'await (0, flush_1.flush)();', instead: ''},
  // Whether this is Linux on Windows, which nobody here asks.
  {file: 'util/os.js', text: "(await import('wsl-utils')).isWsl ? 'wsl' :", instead: ''},
]

/** oclif requires all of itself at the start, and what it requires does too: globs, templates. Here when it is used. */
const quickOclif: Plugin = {
  name: 'quick-oclif',
  setup: ({onLoad}) => {
    onLoad({filter: /@oclif\/core\/lib\/.*\.js$/}, ({path}) => {
      const source = UNUSED.filter(({file}) => path.endsWith(file)).reduce(
        (code, {text, instead}) => {
          if (!code.includes(text)) throw new Error(`oclif is another one: ${path} is without ${text}`)
          return code.replace(text, instead)
        },
        readFileSync(path, 'utf8'),
      )
      const required = /^const (\w+_\d+) = ((?:__importDefault\()?require\("[^"]+"\)\)?);$/gm
      const names = [...source.matchAll(required)].map(([, name]) => name)
      const use = new RegExp(`(new )?(?<!const )\\b(${names.join('|') || '(?!)'})\\b((?:\\.\\w+)*)`, 'g')
      const contents = source
        .replace(required, 'const $1 = () => $2;')
        .replace(use, (_, made = '', name, path) => (made ? `new (${name}()${path})` : `${name}()${path}`))
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
  const programs = [
    'src/lib/help.ts',
    'src/lib/output/ending.ts',
    'src/lib/lab/supervisor-main.ts',
    'src/lib/ops/credentials-remover.ts',
  ]
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
    plugins: [plainBuiltins, quickOclif, noDevelopment, plainSchemas],
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
