import {join} from 'node:path'
import type {ClusterSelection, Paths, ResolvedCluster, Source} from '../config.ts'
import {UsageError} from '../errors.ts'
import {checkName, type Environment, environmentLayer, firstSet, flagLayer, type Named} from './environment.ts'
import {type ConfigurationFile, readConfigurationFiles} from './files.ts'
import {labFile, labNames, readLab} from './labs.ts'
import {type Layer, resolveCluster} from './layers.ts'

/** The clusters that files and running labs name, and any other by the runbook's conventions. */
export interface KnownClusters {
  select(selection: ClusterSelection): Promise<ResolvedCluster>
  list(): Promise<readonly ResolvedCluster[]>
}

export function openKnownClusters(environment: Environment, {config, labs}: Paths): KnownClusters {
  let reading: Promise<readonly ConfigurationFile[]> | undefined
  const readFiles = (): Promise<readonly ConfigurationFile[]> =>
    (reading ??= readConfigurationFiles(environment, config))

  return {
    async select(selection) {
      const files = await readFiles()
      const chosen = await choose(selection, environment, files, labs)
      const lab = await readLabLayer(chosen.name, files)
      if (!lab && chosen.typed)
        await refuseNearMiss(chosen.name, await knownNames(files, labs), files[0]?.path ?? join(config, 'config.yaml'))
      const flags = flagLayer(selection)
      const below = lab ? [lab] : [environmentLayer(environment, chosen.name), ...fileLayers(files, chosen.name)]
      return resolveCluster(chosen.name, chosen.source, [flags, ...below])
    },
    async list() {
      const files = await readFiles()
      const names = await knownNames(files, labs)
      return Promise.all(
        [...names].sort().map(async (name) => {
          const lab = await readLabLayer(name, files)
          if (lab) return resolveCluster(name, {layer: 'lab', detail: labFile(labs, name)}, [lab])
          const definition = files.find((file) => defines(file, name))
          const source: Source = {layer: definition?.layer ?? 'project file', detail: definition?.path ?? ''}
          return resolveCluster(name, source, [environmentLayer(environment, name), ...fileLayers(files, name)])
        }),
      )
    },
  }

  /** A running lab's description, all it knows: nothing of the environment or of a file reaches a lab. */
  async function readLabLayer(name: string, files: readonly ConfigurationFile[]): Promise<Layer | undefined> {
    const values = await readLab(labs, name, environment.home)
    if (values === undefined) return undefined
    const path = labFile(labs, name)
    const rival = files.find((file) => defines(file, name))
    if (rival) {
      throw new UsageError(`${name} is a running lab (${path}) and also a cluster in ${rival.path}`, [
        `natsops lab down ${name}`,
        `rename the cluster in ${rival.path}`,
      ])
    }
    return {kind: 'lab', values, detail: (key) => `${path} ${key}`}
  }
}

interface Choice {
  readonly name: string
  readonly source: Source
  /** Given by hand on this command line or in this shell, so that it can be a slip. */
  readonly typed: boolean
}

/** Which cluster is meant: flag, environment, `defaultCluster` of the files, else the only one that is known. */
async function choose(
  {cluster}: ClusterSelection,
  environment: Environment,
  files: readonly ConfigurationFile[],
  labs: string,
): Promise<Choice> {
  const typed = (layer: Source['layer'], named: Named): Choice => ({
    name: checkName('cluster', named),
    source: {layer, detail: named.name},
    typed: true,
  })
  if (cluster !== undefined) return typed('flag', {name: '--cluster', value: cluster})
  const variable = firstSet(environment, 'NATSOPS_CLUSTER', 'CLUSTER_NAME')
  if (variable) return typed('environment', variable)
  for (const {path, layer, values} of files) {
    const name = values.defaultCluster
    if (name !== undefined) return {name, source: {layer, detail: `${path} defaultCluster`}, typed: true}
  }
  const known = [...(await knownNames(files, labs))].sort()
  const [only] = known
  if (only !== undefined && known.length === 1) {
    const file = files.find((each) => defines(each, only))
    const source: Source = file
      ? {layer: file.layer, detail: `${file.path}, the only cluster known`}
      : {layer: 'lab', detail: `${labFile(labs, only)}, the only cluster known`}
    return {name: only, source, typed: false}
  }
  throw new UsageError(
    known.length === 0 ? 'no cluster is named' : `no cluster is named, known are ${known.join(', ')}`,
    [`add --cluster ${only ?? 'nats-prod'}`, `export NATSOPS_CLUSTER=${only ?? 'nats-prod'}`],
  )
}

/**
 * A name that no file and no lab knows is a cluster of the runbook's conventions. But where a known one is that near,
 * the name is more likely a slip, and the wrong cluster is worse than one more line in a file.
 */
async function refuseNearMiss(name: string, known: ReadonlySet<string>, file: string): Promise<void> {
  if (known.size === 0 || known.has(name)) return
  const {nearestName} = await import('../nearest.ts')
  const meant = nearestName(name, known, name.length < 6 ? 1 : 2)
  if (meant === undefined) return
  throw new UsageError(`cluster ${name} is not known, did you mean ${meant}?`, [
    `--cluster ${meant}`,
    `if there is a cluster ${name} too, add "${name}:" below "clusters:" in ${file}`,
  ])
}

async function knownNames(files: readonly ConfigurationFile[], labs: string): Promise<ReadonlySet<string>> {
  const named = files.flatMap(({values}) => Object.keys(values.clusters ?? {}))
  return new Set([...named, ...(await labNames(labs))])
}

function defines({values}: ConfigurationFile, name: string): boolean {
  return Object.hasOwn(values.clusters ?? {}, name)
}

/** What each file says of the cluster itself, then its defaults; the project's file above the user's. */
function fileLayers(files: readonly ConfigurationFile[], name: string): readonly Layer[] {
  return files.flatMap(({path, layer, values}) => [
    {kind: layer, values: ownValue(values.clusters, name) ?? {}, detail: (key) => `${path} clusters.${name}.${key}`},
    {kind: layer, values: values.defaults ?? {}, detail: (key: string) => `${path} defaults.${key}`},
  ])
}

function ownValue<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined
}
