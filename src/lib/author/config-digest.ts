import {createHash} from 'node:crypto'
import type {Value} from './conf-text.ts'
import {PRELOAD_FILE} from './node-config.ts'
import {configSettings} from './server-config.ts'
import type {ServerDescription} from './server-description.ts'

/**
 * What nats-server 2.11 and newer says as `config_digest` in /varz (and `nats-server -t` prints) of the file that is
 * rendered of this server: the hash of what it has read, as JSON with sorted keys, not of the file's bytes. An included
 * file counts as if its text stood there. See conf/parse.go, ParseFileWithChecksDigest.
 */
export function configDigest(server: ServerDescription, preload: string | undefined): string {
  const settings = configSettings(server).flatMap(([key, value]) => {
    if (key !== 'include') return [[key, value] as const]
    if (value !== PRELOAD_FILE || preload === undefined) throw new Error(`cannot know what ${String(value)} includes`)
    return Object.entries(JSON.parse(preload) as Record<string, Value>)
  })
  return `sha256:${createHash('sha256')
    .update(`${encode(Object.fromEntries(settings))}\n`)
    .digest('hex')}`
}

/** As Go's encoding/json writes it: keys by their bytes, and no character that HTML would read. */
function encode(value: Value): string {
  if (typeof value !== 'object') {
    return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    })
  }
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(encode).join(',')}]`
  const entries = Object.entries(value as {readonly [key: string]: Value | undefined})
    .filter((entry): entry is [string, Value] => entry[1] !== undefined)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${entries.map(([key, item]) => `${encode(key)}:${encode(item)}`).join(',')}}`
}
