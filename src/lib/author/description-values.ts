import {posix} from 'node:path'
import * as z from 'zod'
import {parseDuration} from '../config/duration.ts'
import {CLUSTER_NAME, CLUSTER_NAME_RULE, PLAIN_TEXT} from '../config/values.ts'

/** What the single values of a description may be. Every message completes "expected ...". */

const text = (rule: string, accepts: (value: string) => boolean) => z.string(rule).refine(accepts, rule)
export const matching = (rule: string, pattern: RegExp) => text(rule, (value) => pattern.test(value))
export const wholeNumber = (from: number, to: number) => {
  const rule = `a whole number from ${from} to ${to}`
  return z.int(rule).min(from, rule).max(to, rule)
}

export const mapping = 'a mapping of keys to values'
export const yesOrNo = z.boolean('true or false')
export const plain = matching('a text without control characters', PLAIN_TEXT)
export const port = wholeNumber(1, 65_535)
export const clusterName = matching(`a name of a cluster: ${CLUSTER_NAME_RULE}`, CLUSTER_NAME)
/** Also a file's name below --out, a host name of compose and a part of URLs. */
export const nodeName = matching(
  'a name of letters, digits, - and _, at most 63, starting with a letter or digit',
  /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$/,
)
export const accountName = matching('a name of letters, digits, - and _', /^[a-zA-Z0-9_-]{1,63}$/)
const hostName = /^(\[?[0-9a-fA-F:]+\]?|[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9_])?\.?)$/
export const host = matching('a host name or an IP address, without scheme and port', hostName)
export const hostPort = text('host:port, without scheme and user', (value) => {
  const [, name = '', digits = ''] = /^(.+):(\d{1,5})$/.exec(value) ?? []
  return hostName.test(name) && Number(digits) >= 1 && Number(digits) <= 65_535
})
const ABSOLUTE_PATH = /^\/([a-zA-Z0-9_./-]|\{(cluster|node|n)\})*$/
/** What an installation gives to the server's user, mounts a disk on or writes into has to be its own. */
const SYSTEM_FOLDERS = new Set(
  '/ /bin /etc /home /lib /lib64 /opt /root /run /sbin /tmp /usr /usr/bin /usr/lib /usr/local /usr/local/bin /usr/sbin /var /var/lib /var/log /var/run /var/tmp'.split(
    ' ',
  ),
)
/** Nothing in these is kept, or ours. */
const KERNEL_FOLDERS = /^\/(boot|dev|proc|sys)(\/|$)/
export const absolutePath = matching(
  'an absolute path on the nodes, of letters, digits, _.-/ and {cluster} {node} {n}',
  ABSOLUTE_PATH,
).refine((path) => {
  const real = posix.normalize(path).replace(/(?<=.)\/$/, '')
  return !SYSTEM_FOLDERS.has(real) && !KERNEL_FOLDERS.test(real)
}, "a path below a folder of its own, such as /var/lib/nats: this one is the system's")
export const localPath = matching('a path on this machine', PLAIN_TEXT)
export const pattern = matching(
  'a name with {n} or {node}, of letters, digits, _.- and {cluster} {n} {node}',
  /^(?=.*\{(n|node)\})([a-zA-Z0-9_.-]|\{(cluster|node|n)\})+$/,
)

/** A word for a shell, a unit file and YAML at once. */
export const word = matching('a word of letters, digits and _.-', /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,62}$/)

const UNITS: Readonly<Record<string, number>> = {Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4}

export function size(from: number, to: number) {
  const rule = `a size such as 64MiB or 50GiB (KiB, MiB, GiB, TiB), or bytes${from > 0 ? `, from ${from}` : ''}${to < Number.MAX_SAFE_INTEGER ? ` to ${to}` : ''}`
  return z
    .union([z.string(), z.number()], rule)
    .transform((value) => {
      const [, digits = '', unit] = /^(\d+(?:\.\d+)?)(?:([KMGT]i)B?)?$/.exec(String(value)) ?? []
      return digits === '' ? Number.NaN : Number(digits) * (unit === undefined ? 1 : (UNITS[unit] ?? Number.NaN))
    })
    .refine((bytes) => Number.isSafeInteger(bytes) && bytes >= from && bytes <= to, rule)
}
export const anySize = size(0, Number.MAX_SAFE_INTEGER)
/** nats-server keeps these in 32 bits. */
export const messageSize = size(1024, 2 ** 31 - 1)

export function duration(from: number, rule: string) {
  return z
    .union([z.string(), z.number()], rule)
    .transform((value) => parseDuration(String(value)) ?? Number.NaN)
    .refine((ms) => ms >= from, rule)
}
export const time = duration(1, 'a duration such as 10s or 2m, or seconds')

export const limit = z.literal(-1).or(wholeNumber(0, Number.MAX_SAFE_INTEGER))
export const sizeLimit = z.union([z.literal(-1), anySize], 'a size such as 50GiB, or -1 for no limit')

const subject = text('a subject: tokens without blanks between dots', (value) => /^[^\s.]+(\.[^\s.]+)*$/.test(value))
export const permissions = z.strictObject(
  {
    publish: z.array(subject, 'a list of subjects').optional(),
    subscribe: z.array(subject, 'a list of subjects').optional(),
    respond: yesOrNo.optional(),
  },
  'publish, subscribe or respond',
)
export const password = matching('a bcrypt hash: natsops auth passwd makes one', /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/)
export const nkey = matching('a public user key: U and 55 letters and digits', /^U[A-Z2-7]{55}$/)

export const different = <Item>(items: readonly Item[], nameOf: (item: Item) => string) =>
  new Set(items.map(nameOf)).size === items.length
export const list = <Schema extends z.ZodType>(schema: Schema, rule: string) => z.array(schema, rule).min(1, rule)
