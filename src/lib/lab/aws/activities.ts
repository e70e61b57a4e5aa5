import {randomUUID} from 'node:crypto'
import type {ActivityRecord} from './records.ts'

/** Scaling activities in the words Auto Scaling uses. */

interface Occasion {
  readonly group: string
  readonly instanceId: string
  readonly zone: string
  readonly at: number
}

interface Termination {
  /** When it is not to be replaced. */
  readonly shrinking: {from: number; to: number} | undefined
  readonly why: string | undefined
}

/** Auto Scaling takes an instance out because somebody asked. */
export function terminatingActivity(
  occasion: Occasion,
  {shrinking, why = 'a user request'}: Termination,
): ActivityRecord {
  const shrunk = shrinking ? `, shrinking the capacity from ${shrinking.from} to ${shrinking.to}` : ''
  return {
    ...newActivity(occasion),
    description: `Terminating EC2 instance: ${occasion.instanceId}`,
    cause: `At ${toSecond(occasion.at)} instance ${occasion.instanceId} was taken out of service in response to ${why}${shrunk}.`,
    status: 'InProgress',
  }
}

/** Auto Scaling starts an instance because there are fewer than desired. */
export function launchingActivity(occasion: Occasion, capacity: {from: number; to: number}): ActivityRecord {
  return {
    ...newActivity(occasion),
    description: `Launching a new EC2 instance: ${occasion.instanceId}`,
    cause: `At ${toSecond(occasion.at)} an instance was started in response to a difference between desired and actual capacity, increasing the capacity from ${capacity.from} to ${capacity.to}.`,
    status: 'PreInService',
    progress: 30,
  }
}

/** EC2 refused the launch: there is no instance that the activity could name. */
export function refusedActivity(
  occasion: Occasion,
  capacity: {from: number; to: number},
  reason: string,
): ActivityRecord {
  return {
    ...launchingActivity(occasion, capacity),
    description: `Launching a new EC2 instance.  Status Reason: ${reason}`,
    endedAt: occasion.at,
    status: 'Failed',
    statusMessage: reason,
    progress: 100,
  }
}

function newActivity({group, zone, at}: Occasion): Omit<ActivityRecord, 'description' | 'cause' | 'status'> {
  return {id: randomUUID(), group, zone, startedAt: at, endedAt: undefined, statusMessage: undefined, progress: 0}
}

/** As in causes and reasons: 2026-01-31T09:30:00Z */
export function toSecond(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}
