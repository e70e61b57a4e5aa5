#!/usr/bin/env node
// Plain JavaScript that the oldest Node still in use can parse: it may have to hand over to a newer one first.
// An `import` of one of Node's modules reads all its exports and loads more of Node, which takes longer than the rest here.
const builtin = async (name) => process.getBuiltinModule?.(name) ?? (await import(name))
const {access, chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync} =
  await builtin('node:fs')
const {constants, homedir, userInfo} = await builtin('node:os')
const {isAbsolute, join} = await builtin('node:path')
const {fileURLToPath} = await builtin('node:url')

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const [major, minor] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) {
  // Not awaited: Node would have an exit status of its own for a promise that stays pending.
  if (existsSync(here('../dist/commands'))) run()
  else fail('this checkout has not been built', 'script/bootstrap')
} else {
  const own = here('../node_modules/node/bin/node')
  if (existsSync(own)) handOver(own)
  else
    fail(
      `natsops needs Node 22.18 or newer, this is ${process.versions.node}`,
      'install a newer Node, or run script/bootstrap in a checkout',
    )
}

async function run() {
  // Loading oclif takes longer than all the rest of these two.
  if (process.argv.length === 3 && process.argv[2] === '--version') return console.log(userAgent())
  const help = await findHelp(process.argv.slice(2))
  if (help !== undefined) {
    // Whoever reads has gone, as `| head -1` does: nothing is left to say.
    process.stdout.on('error', () => {})
    return process.stdout.write(help)
  }
  startThreads()
  nameUser()
  const cache = compileCacheFolder()
  const {enableCompileCache} = await builtin('node:module')
  if (cache) enableCompileCache?.(cache)
  if (process.argv.includes('--debug')) process.setSourceMapsEnabled(true)
  warnOfStaleBuild()
  const {default: oclif} = await import('../dist/oclif.js')
  // No plugins from a folder of the user's: what runs beside admin credentials is in this package.
  await oclif.execute({loadOptions: {root: here('..'), userPlugins: false, devPlugins: false}})
  const {leaveBehind} = await import('../dist/lib/output/ending.js')
  await leaveBehind()
}

/**
 * More threads than Node's four, half of which may look up names: where those of the nodes hang, AWS's are still found
 * (src/lib/clients/lookups.ts). libuv reads the variable at the first use of its threads, which is here; the programs that
 * natsops starts do not see it.
 */
function startThreads() {
  if (process.env.UV_THREADPOOL_SIZE) return
  process.env.UV_THREADPOOL_SIZE = '16'
  access('/', () => {})
  delete process.env.UV_THREADPOOL_SIZE
}

/** oclif asks for a home and a shell, and ends where a user has no entry that says them, as in many a container. */
function nameUser() {
  const {env} = process
  if (env.HOME && env.SHELL) return
  try {
    userInfo()
  } catch {
    env.HOME ||= '/'
    env.SHELL ||= '/bin/sh'
  }
}

/** In oclif's own words. */
function userAgent() {
  const {name, version} = JSON.parse(readFileSync(here('../package.json'), 'utf8'))
  return `${name}/${version} ${process.platform}-${process.arch} node-${process.version}`
}

/**
 * The help of a command as the build has rendered it: `COMMAND --help`, `--help`, nothing at all. Undefined for
 * whatever else the command line says, and where a terminal is too narrow for it: then oclif answers.
 */
async function findHelp(argv) {
  const words = argv.filter((word) => word !== '--help' && word !== '-h')
  if (words.length === argv.length && argv.length > 0) return undefined
  const {isTTY, columns = 80} = process.stdout
  const file = here('../dist/help.json')
  if (columns < 80 || !existsSync(file)) return undefined
  const texts = JSON.parse(readFileSync(file, 'utf8'))
  // A topic can be written with colons too.
  const id = words.join(' ').replaceAll(':', ' ')
  if (!Object.hasOwn(texts, id)) return undefined
  const text = texts[id].replace('{userAgent}', userAgent)
  const {NO_COLOR = '', TERM} = process.env
  if (isTTY && NO_COLOR === '' && TERM !== 'dumb') return text
  const {stripVTControlCharacters} = await builtin('node:util')
  return stripVTControlCharacters(text)
}

/**
 * In the user's own cache and not in Node's default place, a folder of one name in the shared temporary folder: what
 * lies there is run as code, and whoever creates that folder first could put code into it. Undefined where it cannot be
 * the user's alone.
 */
function compileCacheFolder() {
  const {XDG_CACHE_HOME: configured = '', HOME: home = ''} = process.env
  try {
    // Without HOME, and without an entry of the user in the system's list, homedir() throws.
    const base = isAbsolute(configured) ? configured : join(home || homedir(), '.cache')
    if (!isAbsolute(base)) return undefined
    const folder = join(base, 'natsops')
    const compiled = join(folder, 'compile')
    for (const [path, allowed] of [
      [folder, 0o755],
      [compiled, 0o700],
    ]) {
      mkdirSync(path, {recursive: true, mode: 0o700})
      const found = lstatSync(path)
      if (!found.isDirectory() || found.uid !== process.geteuid()) return undefined
      if (found.mode & 0o777 & ~allowed) chmodSync(path, found.mode & allowed)
    }
    return compiled
  } catch {
    return undefined
  }
}

/** For a developer at a terminal: edits have no effect before the next build. An installed package has no sources. */
function warnOfStaleBuild() {
  const sources = here('../src')
  if (!process.stderr.isTTY || !existsSync(sources)) return
  const built = statSync(here('../dist/.built'), {throwIfNoEntry: false})?.mtimeMs ?? 0
  const isNewer = (entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs > built
  const newer = readdirSync(sources, {recursive: true, withFileTypes: true}).find((e) => e.isFile() && isNewer(e))
  if (newer) console.error(`warning: ${newer.name} is newer than the build\n  try: npm run build`)
}

/**
 * A child rather than process.execve, which the Nodes that come here do not have. The child gets our terminal, and what
 * a terminal sends (Ctrl-C, its closing) reaches both of us: passed on as well, it would be a second Ctrl-C.
 */
async function handOver(node) {
  const {spawn} = await builtin('node:child_process')
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {stdio: 'inherit'})
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => (onTerminal && signal !== 'SIGTERM') || child.kill(signal))
  }
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`, 'script/bootstrap'))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
  })
}

function fail(problem, remedy) {
  console.error(`error: ${problem}\n  try: ${remedy}`)
  process.exitCode = 1
}
