import type {AwsNodeObservation} from '../../../src/lib/domain/observation.ts'
import type {FakeState} from './state.ts'

const EC2_STATE = {
  Pending: 'pending',
  InService: 'running',
  Terminating: 'shutting-down',
  Terminated: 'terminated',
} as const

/** What Auto Scaling and EC2 say; `lastGone`: the instance each node had before, which EC2 shows for a while. */
export function awsViewOf(state: FakeState, lastGone: ReadonlyMap<string, string>): readonly AwsNodeObservation[] {
  return state.nodes.map(({name, instance}) => ({
    node: name,
    group: {
      name: `${name}-asg`,
      desired: 1,
      minimum: 1,
      maximum: 1,
      suspended: [],
      instances:
        instance.lifecycle === 'Terminated'
          ? []
          : [
              {
                id: instance.id,
                lifecycle: instance.lifecycle,
                health: 'Healthy',
                zone: 'us-east-2a',
                protectedFromScaleIn: false,
                type: 'm8gd.medium',
                launchTemplateVersion: undefined,
              },
            ],
      launchTemplateVersion: undefined,
    },
    activities:
      instance.lifecycle === 'InService'
        ? []
        : [
            {
              id: 'a',
              group: `${name}-asg`,
              description: 'Replacing',
              cause: '',
              status: 'InProgress',
              statusMessage: undefined,
              startedAt: state.now,
              endedAt: undefined,
              progressPercent: 50,
            },
          ],
    refreshes: [],
    instances: [
      {
        id: instance.id,
        name,
        state: EC2_STATE[instance.lifecycle],
        type: 'm8gd.medium',
        zone: 'us-east-2a',
        privateIp: instance.ip,
        launchedAt: state.now,
        systemStatus: 'ok',
        instanceStatus: 'ok',
      },
      ...(lastGone.has(name)
        ? [
            {
              id: lastGone.get(name)!,
              name,
              state: 'terminated',
              type: 'm8gd.medium',
              zone: 'us-east-2a',
              privateIp: undefined,
              launchedAt: 0,
              systemStatus: undefined,
              instanceStatus: undefined,
            },
          ]
        : []),
    ],
  }))
}
