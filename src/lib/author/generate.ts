import {UsageError} from '../errors.ts'
import {holdsSecrets} from './node-config.ts'
import {composeFiles} from './targets/compose.ts'
import {helmFiles} from './targets/helm.ts'
import {kubernetesFiles} from './targets/kubernetes.ts'
import {refuseKubernetesNames} from './targets/kubernetes-names.ts'
import {systemdFiles} from './targets/systemd.ts'
import type {GeneratedFile, GenerateInputs, Target} from './targets/target.ts'
import {userDataFiles} from './targets/user-data.ts'

export {type GeneratedFile, type GenerateInputs, TARGETS, type Target} from './targets/target.ts'

/**
 * Every file of a target, sorted by path; nothing is written. UsageError where the target cannot carry what is
 * described.
 */
export async function generateFiles(target: Target, inputs: GenerateInputs): Promise<readonly GeneratedFile[]> {
  refuseUnfit(target, inputs)
  const files = await generators[target](inputs)
  return [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
}

const generators: Readonly<Record<Target, (inputs: GenerateInputs) => Promise<readonly GeneratedFile[]>>> = {
  systemd: systemdFiles,
  compose: composeFiles,
  kubernetes: kubernetesFiles,
  helm: helmFiles,
  'user-data': userDataFiles,
}

function refuseUnfit(target: Target, {description}: GenerateInputs): void {
  const {nodes, leafNodes} = description
  if (target === 'user-data' && holdsSecrets(description)) {
    throw new UsageError('user data can be read by every process of the instance, and this description has passwords', [
      'describe auth.mode operator or nkeys, and tls.routes in place of routes.auth',
      'use --target systemd',
    ])
  }
  const oneSet = target === 'kubernetes' || target === 'helm'
  if (oneSet) refuseKubernetesNames(description)
  const [first] = nodes
  if (oneSet && nodes.some(({ports}) => JSON.stringify(ports) !== JSON.stringify(first?.ports))) {
    throw new UsageError(
      `pods of one StatefulSet have the same ports: remove the nodes' own ports for --target ${target}`,
    )
  }
  if (target !== 'systemd' && target !== 'user-data' && leafNodes?.remotes.some(({credentials}) => credentials)) {
    throw new UsageError(`leafNodes.remotes.credentials is a file of the nodes, which containers do not have`, [
      'use --target systemd',
    ])
  }
}
