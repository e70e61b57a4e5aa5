import {DescribeLaunchTemplatesCommand, EC2Client} from '@aws-sdk/client-ec2'
import {OpsError} from '../../errors.ts'
import {required} from './lists.ts'
import type {Session} from './session.ts'

/** A version of a template as a group names it: a number, $Latest or $Default. */
export interface TemplateVersion {
  readonly id: string | undefined
  readonly name: string | undefined
  readonly version: string
}

export interface LaunchTemplates {
  /** The number that $Latest or $Default stands for now; undefined where AWS does not tell. */
  resolve(template: TemplateVersion): Promise<string | undefined>
}

/** Templates change by hand, groups are looked at every second: an answer serves for this long, milliseconds. */
const freshMs = 60_000

export function openLaunchTemplates(session: Session): LaunchTemplates {
  const reader = session.client('ec2', 'repeat', (options) => new EC2Client(options))
  const answers = new Map<string, {readonly at: number; readonly versions: ReturnType<typeof describe>}>()

  async function describe({id, name}: TemplateVersion): Promise<{latest: string; byDefault: string} | undefined> {
    const command = new DescribeLaunchTemplatesCommand(
      id === undefined ? {LaunchTemplateNames: [name ?? '']} : {LaunchTemplateIds: [id]},
    )
    const call = {
      service: 'ec2',
      action: 'DescribeLaunchTemplates',
      resource: id ?? name ?? '',
      iamResource: '*',
    } as const
    try {
      return await session.call(call, async () => {
        const {LaunchTemplates} = await (await reader()).send(command)
        const [template] = required(LaunchTemplates, 'LaunchTemplates')
        const {LatestVersionNumber, DefaultVersionNumber} = template ?? {}
        const latest = required(LatestVersionNumber, 'LatestVersionNumber')
        return {latest: String(latest), byDefault: String(required(DefaultVersionNumber, 'DefaultVersionNumber'))}
      })
    } catch (error) {
      // Whoever may not read templates can still do everything else; the node is then not known to be outdated.
      if (error instanceof OpsError) return undefined
      throw error
    }
  }

  return {
    async resolve(template) {
      const key = template.id ?? `name ${template.name}`
      let answer = answers.get(key)
      if (answer === undefined || performance.now() - answer.at > freshMs) {
        answer = {at: performance.now(), versions: describe(template)}
        answers.set(key, answer)
      }
      const versions = await answer.versions
      return template.version === '$Latest' ? versions?.latest : versions?.byDefault
    },
  }
}
