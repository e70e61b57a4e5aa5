/** Keys of operators and accounts. Whoever has a seed signs in its name: seeds live in memory and in files of mode 0600. */
export interface AuthorityKey {
  readonly publicKey: string
  readonly seed: string
}

export type KeyKind = 'operator' | 'account'

const PREFIX: Readonly<Record<KeyKind, string>> = {operator: 'O', account: 'A'}

export async function createKey(kind: KeyKind): Promise<AuthorityKey> {
  const {createAccount, createOperator} = await import('@nats-io/jwt')
  const pair = kind === 'operator' ? createOperator() : createAccount()
  return {publicKey: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed())}
}

/** The key of a seed; undefined for whatever is not a seed of this kind. */
export async function keyOfSeed(kind: KeyKind, text: string): Promise<AuthorityKey | undefined> {
  const seed = text.trim()
  // The library is content with more or other letters at the end.
  if (!/^S[A-Z2-7]{57}$/.test(seed)) return undefined
  const {fromSeed} = await import('@nats-io/jwt')
  try {
    const publicKey = fromSeed(new TextEncoder().encode(seed)).getPublicKey()
    return publicKey.startsWith(PREFIX[kind]) ? {publicKey, seed} : undefined
  } catch {
    return undefined
  }
}
