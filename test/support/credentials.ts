import {createAccount, createOperator, createUser, encodeAccount, encodeUser} from '@nats-io/jwt'

export interface TestUser {
  readonly publicKey: string
  readonly account: string
  readonly signingKey: string
  readonly jwt: string
  readonly seed: string
}

export interface TestUserOptions {
  readonly name?: string
  /** Seconds since the epoch. */
  readonly exp?: number
  readonly nbf?: number
  readonly claims?: Parameters<typeof encodeUser>[3]
  /** Signed by the account's signing key. */
  readonly signed?: 'account' | 'signing key' | 'signing key with a role'
}

/** Working credentials of a new user of a new account, made by the NATS project's own library. */
export async function makeUser(options: TestUserOptions = {}): Promise<TestUser> {
  const {name = 'admin', exp, nbf, claims = {}, signed = 'account'} = options
  const [account, signing, user] = [createAccount(), createAccount(), createUser()]
  const times = {...(exp === undefined ? {} : {exp}), ...(nbf === undefined ? {} : {nbf})}
  const byKey = {signer: signing, ...(signed === 'signing key with a role' ? {scopedUser: true} : {})}
  const jwt = await encodeUser(name, user, account, claims, {...times, ...(signed === 'account' ? {} : byKey)})
  return {
    publicKey: user.getPublicKey(),
    account: account.getPublicKey(),
    signingKey: signing.getPublicKey(),
    jwt,
    seed: textOf(user.getSeed()),
  }
}

/** An account's JWT and seed: well formed, and of the wrong kind. */
export async function makeAccount(): Promise<{readonly jwt: string; readonly seed: string}> {
  const account = createAccount()
  return {jwt: await encodeAccount('APP', account, {}, {signer: createOperator()}), seed: textOf(account.getSeed())}
}

/** The secret part of what a test handles: none of these strings may appear in any output. */
export function secretsOf(...users: readonly {readonly jwt: string; readonly seed: string}[]): readonly string[] {
  return users.flatMap(({jwt, seed}) => [seed, jwt, ...jwt.split('.').filter((part) => part.length > 60)])
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
