import {ServiceFailure} from './failure.ts'
import type {Input} from './input.ts'
import type {ScalingGroup} from './scaling-group.ts'
import type {AwsWorld} from './world.ts'

/** What Auto Scaling's operations share in reading what they are given and showing what they answer. */

export function requireGroup(world: AwsWorld, input: Input): ScalingGroup {
  const name = input.required('AutoScalingGroupName')
  const group = world.group(name)
  if (!group) throw invalid(`AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`)
  return group
}

export function paging(input: Input, {usual, most}: {readonly usual: number; readonly most: number}) {
  return {
    size: input.integer('MaxRecords', {least: 1, most}) ?? usual,
    token: input.text('NextToken'),
    refuse: () => new ServiceFailure('InvalidNextToken', 'The NextToken value is not valid.'),
  }
}

export function toTime(at: number): string {
  return new Date(at).toISOString()
}

export function invalid(message: string): ServiceFailure {
  return new ServiceFailure('ValidationError', message)
}
