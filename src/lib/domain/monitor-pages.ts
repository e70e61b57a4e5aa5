/** The pages of a server's monitoring port, and what the HTTP statuses of their answers come to. */

export interface MonitorPage {
  readonly path: string
  /** Version it came with; undefined where every server natsops knows has it. */
  readonly since?: string
  /** What it tells, in a few words. */
  readonly about: string
  /** Every parameter that any version from 2.10 to 2.15 reads. Servers ignore what they do not know. */
  readonly parameters: readonly string[]
}

/** By the name it has in natsops. */
export const MONITOR_PAGES = {
  varz: {path: '/varz', about: 'the server: version, load, limits, configuration', parameters: []},
  connz: {
    path: '/connz',
    about: 'client connections',
    parameters: [
      'acc',
      'auth',
      'cid',
      'filter_subject',
      'limit',
      'mqtt_client',
      'offset',
      'sort',
      'state',
      'subs',
      'user',
    ],
  },
  routez: {path: '/routez', about: 'routes to the other nodes', parameters: ['subs']},
  gatewayz: {
    path: '/gatewayz',
    about: 'gateways to other clusters',
    parameters: ['acc_name', 'accs', 'gw_name', 'subs'],
  },
  leafz: {path: '/leafz', about: 'leaf nodes', parameters: ['acc', 'subs']},
  subsz: {path: '/subsz', about: 'subscriptions', parameters: ['acc', 'limit', 'offset', 'subs', 'test']},
  jsz: {
    path: '/jsz',
    about: 'JetStream: accounts, streams, consumers, meta group',
    parameters: [
      'acc',
      'accounts',
      'config',
      'consumers',
      'direct-consumers',
      'leader-only',
      'limit',
      'offset',
      'raft',
      'stream-leader-only',
      'streams',
    ],
  },
  accountz: {path: '/accountz', about: 'accounts and their claims', parameters: ['acc']},
  accstatz: {path: '/accstatz', about: 'traffic of every account', parameters: ['unused']},
  healthz: {
    path: '/healthz',
    about: "the server's word on its own health",
    parameters: [
      'account',
      'consumer',
      'details',
      'js-enabled',
      'js-enabled-only',
      'js-meta-only',
      'js-server-only',
      'stream',
    ],
  },
  raftz: {path: '/raftz', since: '2.10.17', about: 'RAFT groups of an account', parameters: ['acc', 'group']},
  ipqueuesz: {
    path: '/ipqueuesz',
    since: '2.10.17',
    about: "the server's internal queues",
    parameters: ['all', 'queues'],
  },
  expvarz: {path: '/debug/vars', since: '2.11.11', about: "the server's Go runtime", parameters: []},
} as const satisfies Readonly<Record<string, MonitorPage>>

export type MonitorPageName = keyof typeof MONITOR_PAGES

export function isMonitorPage(name: string): name is MonitorPageName {
  return Object.hasOwn(MONITOR_PAGES, name)
}

/** What the answers come to; the command has an exit status for each. */
export type PagesVerdict =
  | 'ok'
  /** /healthz: at least one node is well, and at least one is not or did not answer. */
  | 'degraded'
  /** /healthz: nodes answered, and none is well. */
  | 'critical'
  /** At least one node gave no answer that can be used. */
  | 'unreachable'
  /** HTTP 401 or 403: something stands before the server. */
  | 'denied'
  /** HTTP 404: no such page in that version, or nothing of that name. */
  | 'not-found'
  /** HTTP 400: the server refused a parameter. */
  | 'bad-request'

/** `statuses`: one for every node asked, undefined where there was no usable answer. */
export function judgePages(page: MonitorPageName, statuses: readonly (number | undefined)[]): PagesVerdict {
  const answered = statuses.filter((status) => status !== undefined)
  const fine = answered.filter((status) => status >= 200 && status < 300).length
  if (fine === statuses.length) return 'ok'
  if (answered.some((status) => status === 401 || status === 403)) return 'denied'
  if (answered.includes(404)) return 'not-found'
  if (answered.includes(400)) return 'bad-request'
  if (page !== 'healthz' || answered.length === 0) return 'unreachable'
  return fine > 0 ? 'degraded' : 'critical'
}

/** The page with its parameters: `/connz?sort=bytes_to&limit=10`. */
export function pathOf(page: MonitorPageName, parameters: readonly (readonly [name: string, value: string])[]): string {
  const query = parameters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
  return query === '' ? MONITOR_PAGES[page].path : `${MONITOR_PAGES[page].path}?${query}`
}

/** The server's own text for a page it does not have; other 404s are about what was asked for. */
export function isMissingPage(status: number, text: string): boolean {
  return status === 404 && text.startsWith('404 page not found')
}
