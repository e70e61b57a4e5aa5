import {UsageError} from '../../errors.ts'
import type {ClusterDescription} from '../description.ts'
import {appName} from './kubernetes.ts'

/** Of a label of a host name, and of a label's value: 63. A StatefulSet labels its pods with its name, `-` and a hash of 10. */
const LONGEST_APP = 63 - 11
const LONGEST_LABEL = 63
const LONGEST_SUBDOMAIN = 253

/** UsageError for a description whose names Kubernetes would refuse, or truncate to others. */
export function refuseKubernetesNames(description: ClusterDescription): void {
  const {name, deploy} = description
  const {namespace, storageClass} = deploy.kubernetes
  const app = appName(description)
  const value = app === name ? JSON.stringify(name) : `${JSON.stringify(name)}, there ${JSON.stringify(app)},`
  // Services have the strictest names: no digit first.
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(app)) {
    throw refused(`name ${value}`, 'services there begin with a letter and end with a letter or digit')
  }
  if (app.length > LONGEST_APP) {
    const room = `a StatefulSet's name is at most ${LONGEST_APP}, with what is appended ${LONGEST_LABEL}`
    throw refused(`name ${value}`, `it has ${app.length} characters, ${room}`)
  }
  if (namespace.length > LONGEST_LABEL || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(namespace)) {
    const rule = `namespaces are small letters, digits and - inside, at most ${LONGEST_LABEL}`
    throw refused(`deploy.kubernetes.namespace ${JSON.stringify(namespace)}`, rule)
  }
  const part = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
  const subdomain = new RegExp(`^${part}(\\.${part})*$`)
  if (storageClass !== undefined && (storageClass.length > LONGEST_SUBDOMAIN || !subdomain.test(storageClass))) {
    const rule = 'storage classes are small letters, digits, - and . inside'
    throw refused(`deploy.kubernetes.storageClass ${JSON.stringify(storageClass)}`, rule)
  }
}

function refused(what: string, rule: string): UsageError {
  return new UsageError(`${what} cannot be a name in Kubernetes: ${rule}`, [
    'change it in the description',
    'use --target systemd, compose or user-data',
  ])
}
