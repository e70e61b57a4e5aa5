import {readFile} from 'node:fs/promises'
import type {TlsFiles} from '../domain/settings.ts'
import {Exit, messageOf, OpsError} from '../errors.ts'

/** PEM texts, as the TLS of Node takes them. */
export interface TlsMaterial {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** Reads the configured PEM files. Rejects with TLS_FILE_NOT_READABLE (exit 2), which names the setting and the file. */
export async function readTlsFiles(files: TlsFiles): Promise<TlsMaterial> {
  const named = Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const texts = await Promise.all(named.map(async ([key, path]) => [key, await readPem(`tls.${key}`, path)] as const))
  return Object.fromEntries(texts)
}

async function readPem(setting: string, path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause) => Promise.reject(unusable(setting, path, cause)))
  if (!text.includes('-----BEGIN ')) throw unusable(setting, path, new Error('no PEM text in it'))
  return text
}

function unusable(setting: string, path: string, cause: unknown): OpsError {
  // Node goes on with the call and the path.
  const [reason] = messageOf(cause).split(/, \w+ '/)
  return new OpsError(`cannot use ${path}, which the configuration names as ${setting}: ${reason}`, {
    code: 'TLS_FILE_NOT_READABLE',
    exit: Exit.usage,
    suggestions: ['natsops cluster show'],
    cause,
  })
}
