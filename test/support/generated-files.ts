import assert from 'node:assert/strict'
import {parseDescription} from '../../src/lib/author/description.ts'
import {type GeneratedFile, generateFiles, type Target} from '../../src/lib/author/generate.ts'
import {defaultThresholds} from '../../src/lib/domain/settings.ts'

/** bcrypt of `secret`, as cheap as it gets. */
export const HASH = '$2b$04$E3a6et3u4l1s6kaDJACcv.pXzkMYJ.6aK6kfdE6uGS/CH6C6e8zMS'
const PRELOAD = JSON.stringify({
  operator: 'eyJ.o.s',
  system_account: `A${'S'.repeat(55)}`,
  resolver: 'MEMORY',
  resolver_preload: {[`A${'S'.repeat(55)}`]: 'eyJ.s.s'},
})
/** Descriptions: how each of them begins, one without a secret, one with two. */
export const base = 'name: Blue_1\njetStream: {maxFileStore: 50GiB}\n'
export const open = `${base}auth: {mode: operator}\ntls: {client: {verify: true}, routes: true, monitor: true}\n`
export const secret = `${base}auth: {mode: users, users: [{name: app, password: ${HASH}}]}\nroutes: {auth: {user: r, passwordFile: /pw}}\n`

/** What is generated for a target from the text of a description, by path. */
export async function generate(
  target: Target,
  text: string,
  tlsFolder = '../tls',
): Promise<ReadonlyMap<string, GeneratedFile>> {
  const description = await parseDescription({path: '/work/c.yaml', text})
  const files = await generateFiles(target, {
    description,
    passwords: new Map([['/pw', 'route-secret']]),
    preload: description.auth.mode === 'operator' ? PRELOAD : undefined,
    thresholds: {...defaultThresholds, connections: 123, storagePercentWarning: 71},
    ssmPrefix: '/nats-cluster/blue',
    tlsFolder,
  })
  return new Map(files.map((file) => [file.path, file]))
}

/** The text of one of them; fails where it is not there. */
export const textOf = (files: ReadonlyMap<string, GeneratedFile>, path: string): string =>
  files.get(path)?.text ?? assert.fail(path)
