/** What an SDK error says, cut down to what may be shown: the layer between the SDK's many error shapes and ours. */
export interface Facts {
  /**
   * `service`: AWS answered with an error. `undecodable`: an answer that is not AWS's. `credentials`: none could be
   * had. `configuration`: the SDK refused its own settings. `foreign`: not an error of an SDK client.
   */
  readonly kind: 'service' | 'undecodable' | 'timeout' | 'network' | 'credentials' | 'configuration' | 'foreign'
  /** AWS's code (AccessDeniedException), or the class of the SDK's error. */
  readonly name: string
  /** First line, without secrets, of bounded length. Untrusted text. */
  readonly message: string
  readonly status: number | undefined
  readonly attempts: number | undefined
  readonly requestId: string | undefined
  /** Node's code of a network error: ECONNREFUSED, DEPTH_ZERO_SELF_SIGNED_CERT ... */
  readonly networkCode: string | undefined
  /** Host of a network error, where Node says it. */
  readonly host: string | undefined
  /** The time this machine put into the request, where AWS quotes it. */
  readonly sentAt: string | undefined
}

/** The parts of SDK and Node errors that are read here; all optional, since nothing promises them. */
interface Raw {
  readonly name?: string
  readonly message?: string
  readonly stack?: string
  readonly code?: unknown
  readonly syscall?: string
  readonly hostname?: string
  readonly address?: string
  readonly port?: number
  readonly $fault?: unknown
  readonly $metadata?: {readonly httpStatusCode?: number; readonly attempts?: number; readonly requestId?: string}
  readonly $response?: unknown
  readonly cause?: unknown
  /** Of Node's error about an invalid URL. */
  readonly input?: string
  readonly errors?: readonly unknown[]
}

const credentialErrors = /^(CredentialsProviderError|TokenProviderError|ProviderError|InstanceMetadataV1FallbackError)$/
const networkCodes = /^(E(?!RR_)[A-Z_]{3,}|.*CERT.*|.*SELF_SIGNED.*|UNABLE_TO_.*|ERR_TLS.*|ERR_SSL.*|HPE_.*|UND_ERR.*)$/
const configurationErrors =
  /^Region |^Invalid Configuration|^Custom endpoint|^Invalid URL|^Cannot load |^The services section/

/** Undefined for anything that is not an Error. */
export function factsOf(error: unknown, secrets: readonly string[]): Facts | undefined {
  if (!(error instanceof Error)) return undefined
  const raw = error as Raw
  const text = redact(raw.message ?? '', secrets)
  const network = networkErrorOf(raw)
  const kind = kindOf(raw, network !== undefined)
  return {
    kind,
    name: raw.name ?? 'Error',
    // A parser's message quotes the answer it could not parse, which may hold a decrypted value.
    message:
      kind === 'undecodable'
        ? 'the answer could not be decoded'
        : firstLine(raw.input ? `${text}: ${raw.input}` : text),
    status: raw.$metadata?.httpStatusCode,
    attempts: raw.$metadata?.attempts,
    requestId: raw.$metadata?.requestId,
    networkCode: codeOf(network) ?? /\b(ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|E\w+UNREACH)\b/.exec(text)?.[1],
    host: network && hostOf(network),
    sentAt: /Signature (?:expired|not yet current): (\S+)/i.exec(text)?.[1],
  }
}

const unsent = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/

/**
 * Never connected: nothing was sent. A network that vanishes under a standing connection may say EHOSTUNREACH as well,
 * but to a read or a write.
 */
export function isUnsent(error: unknown): boolean {
  const found = error instanceof Error ? networkErrorOf(error as Raw) : undefined
  return unsent.test(codeOf(found) ?? '') && !/^(read|write)/.test(found?.syscall ?? '')
}

/** A copy for `cause` that can be printed with everything in it: no request, no answer, no headers. */
export function causeOf(error: Error, facts: Facts): Error {
  const {kind, name, message, status, requestId, attempts, networkCode} = facts
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  // Said only where it is sure: no credentials, no connection.
  const sent = kind === 'credentials' || (kind === 'network' && isUnsent(error)) ? false : undefined
  const known = Object.entries({status, requestId, attempts, code: networkCode, sent}).filter(
    ([, value]) => value !== undefined,
  )
  const cause = Object.assign(new Error(message), Object.fromEntries(known))
  cause.name = name
  cause.stack = [`${name}: ${message}`, ...frames].join('\n')
  return cause
}

function kindOf(raw: Raw, isNetwork: boolean): Facts['kind'] {
  const {name = '', message = ''} = raw
  if (credentialErrors.test(name)) return 'credentials'
  if (raw.$fault !== undefined) return isAwsError(raw) ? 'service' : 'undecodable'
  // Time limits of the SDK's HTTP handler have no code of Node's, or ETIMEDOUT without a host.
  if (name === 'TimeoutError' && (raw.code === undefined || raw.code === 'ETIMEDOUT')) return 'timeout'
  if (isNetwork) return 'network'
  if (raw.$response !== undefined || name === 'IncompleteAnswerError') return 'undecodable'
  return configurationErrors.test(message) ? 'configuration' : 'foreign'
}

/** An error status with a body that names no AWS error (a proxy's page) becomes `Unknown` in the SDK. */
function isAwsError({name = '', $metadata}: Raw): boolean {
  return !/^Unknown(Error)?$/.test(name) || ($metadata?.httpStatusCode ?? 0) >= 500
}

/** Node's error of a failed connection: the error itself, one of several addresses tried, or a cause. */
function networkErrorOf(raw: Raw, depth = 0): Raw | undefined {
  if (codeOf(raw) !== undefined && (raw.address ?? raw.hostname ?? raw.errors) !== undefined && !raw.errors?.length)
    return raw
  const inner = raw.errors?.[0] ?? raw.cause
  if (inner instanceof Error && depth < 5) {
    const found = networkErrorOf(inner as Raw, depth + 1)
    if (found) return found
  }
  return codeOf(raw) === undefined || raw.$fault !== undefined ? undefined : raw
}

function codeOf(raw: Raw | undefined): string | undefined {
  return typeof raw?.code === 'string' && networkCodes.test(raw.code) ? raw.code : undefined
}

function hostOf({hostname, address, port}: Raw): string | undefined {
  if (hostname !== undefined) return hostname
  return address === undefined ? undefined : port === undefined ? address : `${address}:${port}`
}

/**
 * SignatureDoesNotMatch goes on with the whole canonical request, session token included: only the first line stays.
 * A credential_process is named by its command line, where people put more than they should.
 */
function firstLine(text: string): string {
  const [line = ''] = text.split('\n')
  const whole = line
    .replace(/\s*Encoded authorization failure message:.*$/, '')
    .replace(/^Command failed: .*/, 'its credential_process failed')
    .trim()
  return whole.length > 400 ? `${whole.slice(0, 400)}...` : whole
}

function redact(text: string, secrets: readonly string[]): string {
  return secrets.filter((secret) => secret !== '').reduce((left, secret) => left.replaceAll(secret, '[withheld]'), text)
}
