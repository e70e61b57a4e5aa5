import {ServiceFailure} from './failure.ts'
import {fixedId} from './ids.ts'
import type {Input} from './input.ts'
import type {ScalingGroup} from './scaling-group.ts'
import type {Answer} from './service.ts'
import type {AwsWorld} from './world.ts'
import type {XmlContent} from './xml.ts'

/** One launch template a group, named like its node; the newest version is also the default one. */
export function launchTemplateId(account: string, node: string): string {
  return fixedId('lt', account, node)
}

export function describeTemplates(world: AwsWorld, input: Input): Answer {
  const ids = input.texts('LaunchTemplateId')
  const names = input.texts('LaunchTemplateName')
  const templates = world.groups().filter((group) => {
    const isNamed = names.includes(group.plan.node) || ids.includes(launchTemplateId(world.account, group.plan.node))
    return isNamed || (ids.length === 0 && names.length === 0)
  })
  const known = templates.length
  if (known < ids.length + names.length) throw unknownTemplate([...ids, ...names].join(', '))
  return {launchTemplates: templates.map((group) => showTemplate(world, group))}
}

/** `$Latest`, `$Default` or numbers; all versions where none is named. */
export function describeTemplateVersions(world: AwsWorld, input: Input): Answer {
  const id = input.text('LaunchTemplateId')
  const name = input.text('LaunchTemplateName')
  const group = world.groups().find(({plan: {node}}) => node === name || launchTemplateId(world.account, node) === id)
  if (!group) throw unknownTemplate(id ?? name ?? '')
  const latest = group.templateVersion
  const asked = input.texts('LaunchTemplateVersion').map((version) => {
    return version === '$Latest' || version === '$Default' ? latest : Number(version)
  })
  const unknown = asked.find((version) => !(Number.isInteger(version) && version >= 1 && version <= latest))
  if (unknown !== undefined) {
    throw new ServiceFailure(
      'InvalidLaunchTemplateId.VersionNotFound',
      `Could not find launch template version ${unknown} for launch template.`,
    )
  }
  const newestFirst = Array.from({length: latest}, (_, index) => latest - index)
  const shown = asked.length > 0 ? [...new Set(asked)] : newestFirst
  return {
    launchTemplateVersionSet: shown.map((version) => ({
      launchTemplateId: launchTemplateId(world.account, group.plan.node),
      launchTemplateName: group.plan.node,
      versionNumber: version,
      createTime: new Date(group.createdAt).toISOString(),
      createdBy: `arn:aws:iam::${world.account}:user/lab`,
      defaultVersion: version === latest,
      launchTemplateData: {imageId: fixedId('ami', world.account), instanceType: group.plan.instanceType},
    })),
  }
}

function showTemplate({account}: AwsWorld, {plan, createdAt, templateVersion}: ScalingGroup): XmlContent {
  return {
    launchTemplateId: launchTemplateId(account, plan.node),
    launchTemplateName: plan.node,
    createTime: new Date(createdAt).toISOString(),
    createdBy: `arn:aws:iam::${account}:user/lab`,
    defaultVersionNumber: templateVersion,
    latestVersionNumber: templateVersion,
    tagSet: [],
  }
}

function unknownTemplate(names: string): ServiceFailure {
  const message = `At least one of the launch templates specified in the request does not exist: ${names}`
  return new ServiceFailure('InvalidLaunchTemplateId.NotFound', message)
}
