import {invalid, paging, requireGroup, toTime} from './auto-scaling-input.ts'
import type {Input} from './input.ts'
import {pageOf} from './paging.ts'
import type {RefreshRecord} from './records.ts'
import type {RefreshOptions} from './refreshes.ts'
import type {Service} from './service.ts'
import type {XmlContent} from './xml.ts'

/** Instance refreshes of groups of one. */
export const refreshOperations: Service['operations'] = {
  DescribeInstanceRefreshes: ({world, input}) => {
    const group = requireGroup(world, input)
    const ids = input.texts('InstanceRefreshIds')
    const refreshes = group.refreshes.list().filter(({id}) => ids.length === 0 || ids.includes(id))
    const keyOf = ({id}: {readonly id: string}) => id
    const page = pageOf(refreshes, {...paging(input, {usual: 50, most: 100}), list: 'refreshes', keyOf})
    return {
      InstanceRefreshes: page.items.map((refresh) => show(refresh, group.plan.name)),
      NextToken: page.nextToken,
    }
  },

  StartInstanceRefresh: ({world, input}) => {
    const group = requireGroup(world, input)
    const strategy = input.text('Strategy') ?? 'Rolling'
    if (strategy !== 'Rolling') throw invalid(`Strategy must be Rolling, not ${strategy}`)
    if (input.has('DesiredConfiguration')) throw invalid('The lab does not know desired configurations')
    return {InstanceRefreshId: group.refreshes.start(readPreferences(input.structure('Preferences'))).id}
  },

  CancelInstanceRefresh: ({world, input}) => ({InstanceRefreshId: requireGroup(world, input).refreshes.cancel().id}),
}

function readPreferences(preferences: Input): RefreshOptions {
  const healthy = preferences.integer('MaxHealthyPercentage', {least: 100, most: 200}) ?? 100
  if (healthy > 100) throw invalid('The lab terminates before it launches: MaxHealthyPercentage must be 100')
  preferences.integer('MinHealthyPercentage', {least: 0, most: 100})
  return {
    warmupMs: (preferences.integer('InstanceWarmup', {least: 0, most: 3600}) ?? 0) * 1000,
    skipMatching: preferences.flag('SkipMatching'),
    protectedInstances: preferences.oneOf('ScaleInProtectedInstances', ['Ignore', 'Refresh']) ?? 'Ignore',
  }
}

function show(refresh: Readonly<RefreshRecord>, group: string): XmlContent {
  return {
    InstanceRefreshId: refresh.id,
    AutoScalingGroupName: group,
    Status: refresh.status,
    StatusReason: refresh.statusReason,
    StartTime: refresh.status === 'Pending' ? undefined : toTime(refresh.startedAt),
    EndTime: refresh.endedAt === undefined ? undefined : toTime(refresh.endedAt),
    PercentageComplete: refresh.status === 'Pending' ? undefined : refresh.percent,
    InstancesToUpdate: refresh.status === 'Pending' ? undefined : refresh.remaining,
  }
}
