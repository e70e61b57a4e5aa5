import {UsageError} from '../../errors.ts'

/**
 * The folder of certificates as the source of a volume, which NATS_TLS overrides. compose reads `$` as the beginning of a
 * variable, also in a default; nothing takes the meaning from `}`, which ends it, or from `:`, which ends the source.
 * UsageError for a folder with one of these.
 */
export function tlsMount(folder: string): string {
  const [stranger] = /[}:]/.exec(folder) ?? []
  if (stranger !== undefined) {
    throw new UsageError(
      `tls.source: the path ${JSON.stringify(folder)} has a ${stranger}, which compose cannot take`,
      ['give the folder of certificates a name without } and :'],
    )
  }
  // What begins otherwise would be the name of a volume.
  const path = /^\.{0,2}\//.test(`${folder}/`) ? folder : `./${folder}`
  return `\${NATS_TLS:-${path.replaceAll('$', '$$$$')}}`
}
