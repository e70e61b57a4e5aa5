import {decodeUserJwt} from '../../domain/user-claims.ts'
import {Exit, OpsError} from '../../errors.ts'
import type {UserCredentials} from '../ports.ts'

/** One server that did not become a connection. */
export interface ConnectFailure {
  readonly server: string
  readonly cause: unknown
  /** The TCP connection stood; what failed came after. */
  readonly connected: boolean
}

type Kind = 'name' | 'network' | 'protocol' | 'tls' | 'authorization' | 'expired'

interface Reason {
  readonly kind: Kind
  readonly text: string
}

/** One error for all servers that were tried, naming each with its own reason. Never contains the seed or the JWT. */
export function explainConnectFailures(
  failures: readonly ConnectFailure[],
  credentials: UserCredentials | undefined,
  {now, timeoutMs, inspect}: {now: number; timeoutMs: number; inspect: string | undefined},
): OpsError {
  if (failures.length === 0) {
    return new OpsError('no NATS server to connect to', {code: 'NATS_UNREACHABLE', exit: Exit.unreachable})
  }
  const reasons = failures.map((failure) => ({failure, reason: reasonOf(failure, timeoutMs)}))
  const refusal = reasons.find(({reason}) => reason.kind === 'authorization' || reason.kind === 'expired')
  if (refusal) return explainRefusal(refusal.failure, refusal.reason, credentials, {now, inspect})

  const kinds = new Set(reasons.map(({reason}) => reason.kind))
  const onlyTls = kinds.size === 1 && kinds.has('tls')
  const lines = reasons.map(({failure, reason}) => `${failure.server}: ${reason.text}`)
  const [cause] = failures
  return new OpsError(
    lines.length === 1
      ? `cannot connect to ${lines[0]}`
      : ['cannot connect to any server', ...lines.map((line) => `  ${line}`)],
    {
      code: onlyTls ? 'NATS_TLS' : 'NATS_UNREACHABLE',
      exit: Exit.unreachable,
      suggestions: [...kinds].flatMap((kind) => ADVICE[kind]),
      cause: cause?.cause,
    },
  )
}

/** What went wrong with one request on a standing connection; `inspect` is a command that shows its credentials. */
export function explainRequestFailure(
  subject: string,
  cause: unknown,
  {timeoutMs, inspect}: {timeoutMs: number; inspect: string | undefined},
): OpsError {
  const code = codeOf(cause)
  switch (code) {
    case '503':
      return new OpsError(`nothing answers ${subject} for this user's account`, {
        code: 'NO_RESPONDERS',
        exit: Exit.unreachable,
        cause,
      })
    case 'TIMEOUT':
      return new OpsError(`no answer to ${subject} within ${timeoutMs / 1000}s`, {
        code: 'REQUEST_TIMEOUT',
        exit: Exit.unreachable,
        suggestions: ['try again with a longer --timeout'],
        cause,
      })
    case 'PERMISSIONS_VIOLATION':
      return new OpsError(`this user has no permission for ${subject}`, {
        code: 'PERMISSION_DENIED',
        exit: Exit.auth,
        suggestions: inspect === undefined ? [] : [inspect],
        cause,
      })
    case 'AUTHENTICATION_EXPIRED':
    case 'ACCOUNT_EXPIRED':
      return new OpsError('the credentials expired while connected', {
        code: 'CREDENTIALS_EXPIRED',
        exit: Exit.auth,
        cause,
      })
    case 'CONNECTION_CLOSED':
    case 'CONNECTION_DRAINING':
    case 'DISCONNECT':
      return new OpsError(`the connection to NATS was lost before ${subject} was answered`, {
        code: 'NATS_CONTACT_LOST',
        exit: Exit.unreachable,
        cause,
      })
    default:
      return new OpsError(`${subject} failed: ${textOf(cause)}`, {
        code: 'REQUEST_FAILED',
        exit: Exit.unreachable,
        cause,
      })
  }
}

const ADVICE: Readonly<Record<Kind, readonly string[]>> = {
  name: ['connect the VPN (Cloudflare WARP): warp-cli status'],
  network: ['check the VPN (Cloudflare WARP) and that the nodes are up: natsops health'],
  protocol: [
    'check that this is the client port (4222), not the monitoring or the cluster port: natsops cluster show',
    'if it is, the server hangs: natsops health',
  ],
  tls: ['check tls.ca, tls.cert and tls.key of this cluster: natsops cluster show'],
  authorization: [],
  expired: [],
}

function reasonOf({cause, connected}: ConnectFailure, timeoutMs: number): Reason {
  const code = codeOf(cause)
  if (code === 'ECONNRESET' && connected) {
    return {kind: 'tls', text: 'connection reset once it stood: the server may ask for a client certificate'}
  }
  const known = KNOWN[code]
  if (known) return known
  if (/^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code) || code === 'EPROTO') {
    return {kind: 'tls', text: `TLS failed: ${textOf(cause)}`}
  }
  if (code === 'TIMEOUT' && connected) {
    const text = `accepts connections, but did not speak NATS within ${timeoutMs / 1000}s`
    return {kind: 'protocol', text}
  }
  if (code === 'TIMEOUT') return {kind: 'network', text: `no answer within ${timeoutMs / 1000}s`}
  if (code === 'CONNECTION_REFUSED' || code === 'DISCONNECT') {
    return {kind: 'network', text: 'closed the connection at once'}
  }
  if (cause instanceof SyntaxError || /unexpected response from server/.test(textOf(cause))) {
    return {kind: 'protocol', text: 'what answers there does not speak NATS'}
  }
  return {kind: connected ? 'protocol' : 'network', text: textOf(cause)}
}

const KNOWN: Readonly<Record<string, Reason>> = {
  ENOTFOUND: {kind: 'name', text: 'the name does not resolve'},
  EAI_AGAIN: {kind: 'name', text: 'the name does not resolve: the name server does not answer'},
  ECONNREFUSED: {kind: 'network', text: 'connection refused: nothing listens there'},
  ECONNRESET: {kind: 'network', text: 'connection reset'},
  EHOSTUNREACH: {kind: 'network', text: 'no route to the host'},
  ENETUNREACH: {kind: 'network', text: 'no route to the network'},
  ETIMEDOUT: {kind: 'network', text: 'no answer'},
  ERR_TLS_CERT_ALTNAME_INVALID: {kind: 'tls', text: "TLS failed: the server's certificate is for another name"},
  CERT_HAS_EXPIRED: {kind: 'tls', text: "TLS failed: the server's certificate has expired"},
  SELF_SIGNED_CERT_IN_CHAIN: {kind: 'tls', text: "TLS failed: the server's certificate is from an unknown authority"},
  DEPTH_ZERO_SELF_SIGNED_CERT: {kind: 'tls', text: "TLS failed: the server's certificate is signed by itself"},
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    kind: 'tls',
    text: "TLS failed: the server's certificate is from an unknown authority",
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    kind: 'tls',
    text: "TLS failed: the server's certificate is from an unknown authority",
  },
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: {
    kind: 'tls',
    text: 'TLS failed: the server asks for a client certificate',
  },
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: {kind: 'tls', text: 'TLS failed: the server refuses the client certificate'},
  SERVER_OPT_NA: {kind: 'tls', text: 'the server offers no TLS, and this cluster is configured to use it'},
  AUTHORIZATION_VIOLATION: {kind: 'authorization', text: 'does not accept the credentials'},
  AUTHENTICATION_TIMEOUT: {kind: 'authorization', text: 'gave up waiting for the credentials'},
  AUTHENTICATION_EXPIRED: {kind: 'expired', text: 'says that the credentials expired'},
  ACCOUNT_EXPIRED: {kind: 'authorization', text: "says that the account's JWT expired"},
}

function explainRefusal(
  {server, cause}: ConnectFailure,
  {kind, text}: Reason,
  credentials: UserCredentials | undefined,
  {now, inspect}: {now: number; inspect: string | undefined},
): OpsError {
  if (!credentials) {
    return new OpsError(`${server} needs credentials`, {code: 'NATS_AUTHORIZATION', exit: Exit.auth, cause})
  }
  const decoded = decodeUserJwt(credentials.jwt)
  const claims = decoded.ok ? decoded.claims : undefined
  const user = claims ? `user ${claims.name} (${claims.publicKey}) of account ${claims.account}` : 'the given user'
  if (kind === 'expired' || (claims?.expiresAt !== undefined && claims.expiresAt <= now)) {
    return new OpsError(`the credentials of ${user} have expired`, {
      code: 'CREDENTIALS_EXPIRED',
      exit: Exit.auth,
      suggestions: ['natsops creds fetch', 'if those have expired too, renew the user and store its JWT in SSM'],
      cause,
    })
  }
  return new OpsError(`${server} ${text} of ${user}`, {
    code: 'NATS_AUTHORIZATION',
    exit: Exit.auth,
    suggestions: [
      `check that the credentials are of this cluster${inspect === undefined ? '' : `: ${inspect}`}`,
      "check that the account's JWT is preloaded on the servers (resolver_preload) and the user is not revoked",
    ],
    cause,
  })
}

/** The most telling code: that of the error below, where the library wrapped one. */
function codeOf(cause: unknown): string {
  const {code, chainedError} = (cause ?? {}) as {code?: unknown; chainedError?: unknown}
  const inner = (chainedError as {code?: unknown} | undefined)?.code
  return String(inner ?? code ?? '')
}

function textOf(cause: unknown): string {
  const {message, chainedError} = (cause ?? {}) as {message?: string; chainedError?: Error}
  return (chainedError?.message || message || String(cause)).trim()
}
