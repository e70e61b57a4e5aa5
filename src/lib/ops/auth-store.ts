import {dirname, join} from 'node:path'
import type {ParameterStore} from '../clients/ports.ts'
import type {StoredUser} from '../domain/auth-users.ts'
import {type CredentialOwner, ownerName} from '../domain/credentials.ts'
import {formatCredentials, parseCredentials} from '../domain/credentials-format.ts'
import {type ClusterSettings, credentialParameters} from '../domain/settings.ts'
import {Exit, messageOf, OpsError} from '../errors.ts'
import {ensurePrivateFolder, readSmallFile, writePrivateFile} from '../files.ts'
import {ensureSecretFolder} from './auth-folder.ts'
import {isThere} from './cert-folder.ts'

/** Where users' credentials are kept: SSM parameters, or creds files of mode 0600. */
export interface UserStore {
  /** For a plan and for messages. */
  place(owner: CredentialOwner): string
  /** In the order of the owners. */
  read(owners: readonly CredentialOwner[]): Promise<readonly StoredUser[]>
  /**
   * Both parts, or as before where the second one is refused. Whatever is there is replaced where `previous` is given,
   * else refused with PARAMETER_EXISTS or FILE_EXISTS (exit 3).
   */
  write(
    owner: CredentialOwner,
    next: {readonly jwt: string; readonly seed: string},
    previous: StoredUser | undefined,
  ): Promise<void>
}

/** What a standard parameter holds; a JWT with very many subjects is longer. */
const LARGEST_PARAMETER = 4096

export function openParameterUsers(
  store: Pick<ParameterStore, 'get' | 'put'>,
  settings: Pick<ClusterSettings, 'ssmPrefix'>,
): UserStore {
  return {
    place: (owner) => credentialParameters(settings, owner).jwt,
    async read(owners) {
      const names = owners.map((owner) => credentialParameters(settings, owner))
      const found = await store.get(names.flatMap(({jwt, seed}) => [jwt, seed]))
      const part = (name: string) => {
        const value = found.get(name)?.value
        return value === undefined ? undefined : {name, value}
      }
      return names.map(({jwt, seed}) => ({jwt: part(jwt), seed: part(seed)}))
    },
    async write(owner, {jwt, seed}, previous) {
      const names = credentialParameters(settings, owner)
      if (jwt.length > LARGEST_PARAMETER) {
        throw new OpsError(`the JWT of ${ownerName(owner)} has ${jwt.length} bytes, SSM takes ${LARGEST_PARAMETER}`, {
          code: 'PARAMETER_TOO_LARGE',
          exit: Exit.refused,
          suggestions: ['give the service fewer and wider subjects in auth.services'],
        })
      }
      // A seed alone is nobody's credentials: whoever reads in between has the old JWT or none.
      await store.put(names.seed, seed, {secure: true, overwrite: previous?.seed !== undefined})
      try {
        await store.put(names.jwt, jwt, {secure: true, overwrite: previous?.jwt !== undefined})
      } catch (error) {
        // An answer that was lost says nothing of what it answered.
        const found = await store.get([names.jwt]).catch(() => undefined)
        if (found?.get(names.jwt)?.value === jwt) return
        const isWhole = previous?.jwt === undefined || (found && (await putBack(names.seed, previous.seed?.value)))
        if (!isWhole && error instanceof OpsError) throw torn(names, error)
        throw error
      }
    },
  }

  /** Whether the old seed is back in its place. Not to be asked where the new JWT may have been written. */
  async function putBack(name: string, seed: string | undefined): Promise<boolean> {
    if (seed === undefined) return true
    return store.put(name, seed, {secure: true, overwrite: true}).then(
      () => true,
      () => false,
    )
  }
}

/** Nobody knows whether the two belong together now. */
function torn({jwt, seed}: {readonly jwt: string; readonly seed: string}, cause: OpsError): OpsError {
  const problem = `${messageOf(cause)}; ${seed} may now be the seed of another key than ${jwt} is for`
  return new OpsError(problem, {
    code: 'CREDENTIALS_TORN',
    exit: Exit.unreachable,
    suggestions: ['do it soon: until then whoever reads the two may be refused'],
    cause,
  })
}

const LARGEST_CREDS = 256 * 1024

/** Creds files in a folder: admin.creds, system.creds, services/<name>.creds. */
export function openFileUsers(folder: string): UserStore {
  const pathOf = (owner: CredentialOwner): string =>
    owner.kind === 'service'
      ? join(folder, 'services', `${owner.service}.creds`)
      : join(folder, `${ownerName(owner)}.creds`)
  return {
    place: pathOf,
    read: (owners) => Promise.all(owners.map((owner) => readOne(pathOf(owner)))),
    async write(owner, next, previous) {
      const path = pathOf(owner)
      await ensureSecretFolder(folder)
      await ensurePrivateFolder(dirname(path))
      const overwrite = previous?.jwt !== undefined || previous?.seed !== undefined
      await writePrivateFile(path, formatCredentials(next), {overwrite})
    },
  }

  async function readOne(path: string): Promise<StoredUser> {
    if (!(await isThere(path))) return {jwt: undefined, seed: undefined}
    const {jwt, seed} = parseCredentials(await readSmallFile(path, LARGEST_CREDS))
    return {jwt: {name: `the JWT in ${path}`, value: jwt}, seed: {name: `the seed in ${path}`, value: seed}}
  }
}
