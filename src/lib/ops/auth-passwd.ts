import {resolve} from 'node:path'
import {BCRYPT_COSTS, generatePassword, hashPassword, whyNoPassword} from '../author/password.ts'
import {UsageError} from '../errors.ts'
import {writePrivateFile} from '../files.ts'

export {BCRYPT_COSTS} from '../author/password.ts'

export interface PasswordRequest {
  readonly cost: number
  /** Where a generated password goes; undefined: it is shown. */
  readonly out: string | undefined
  readonly force: boolean
}

/** Public under --json. Without the password. */
export interface PasswordReport {
  /** bcrypt: for `password` or `token` of a description, or for a configuration. */
  readonly hash: string
  readonly cost: number
  readonly generated: boolean
  /** Absolute path of the file with the generated password; null: there is none. */
  readonly file: string | null
}

/** The hash of a password that somebody gave. UsageError where it is none; the message does not quote it. */
export async function hashGiven(password: string, {cost}: Pick<PasswordRequest, 'cost'>): Promise<PasswordReport> {
  requireCost(cost)
  const problem = whyNoPassword(password)
  if (problem !== undefined) {
    throw new UsageError(`the password ${problem}`, ['natsops auth passwd --generate'])
  }
  return {hash: await hashPassword(password, cost), cost, generated: false, file: null}
}

/**
 * A new password and its hash. It is in a file of mode 0600 when this resolves, or given to `show`, which is called once.
 * Rejects with FILE_EXISTS (exit 3) and what files.ts says; nobody has seen the password then.
 */
export async function hashGenerated(
  {cost, out, force}: PasswordRequest,
  show: (password: string) => void,
): Promise<PasswordReport> {
  requireCost(cost)
  const password = generatePassword()
  const hash = await hashPassword(password, cost)
  const file = out === undefined ? null : resolve(out)
  if (file === null) show(password)
  else await writePrivateFile(file, `${password}\n`, {overwrite: force})
  return {hash, cost, generated: true, file}
}

function requireCost(cost: number): void {
  const {least, largest} = BCRYPT_COSTS
  if (cost < least || cost > largest) {
    throw new UsageError(`--cost ${cost} is not between ${least} and ${largest}`)
  }
}
