/**
 * Runs one command from the sources as a process of its own: `node test/support/natsops.ts exec -- ls`. What bin/run.js
 * does, without a build; for tests of signals, exit statuses and what a kill leaves behind.
 */
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {Config} from '@oclif/core'

const root = join(import.meta.dirname, '../..')
const [first = '', second = '', ...rest] = process.argv.slice(2)
const nested = existsSync(join(root, 'src/commands', first, `${second}.ts`))
const argv = nested ? rest : process.argv.slice(3)
const {default: Command} = await import(join(root, 'src/commands', nested ? `${first}/${second}.ts` : `${first}.ts`))
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const {hooks: _hooks, ...oclif} = packageJson.oclif
const config = await Config.load({root, pjson: {...packageJson, oclif}})
await new Command(argv, config)._run()
