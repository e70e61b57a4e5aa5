import assert from 'node:assert/strict'
import {inspect} from 'node:util'
import {openAws} from '../../../../src/lib/clients/aws/aws.ts'
import type {Aws} from '../../../../src/lib/clients/ports.ts'
import {OpsError} from '../../../../src/lib/errors.ts'
import {type Canned, type Reply, serve} from './canned.ts'

export type Call = (aws: Aws) => Promise<unknown>

export const parameter = '/nats-cluster/nats-test/admin/nats_admin_jwt'
export const readParameter: Call = async (aws) => (await aws.parameters()).get([parameter])
export const listGroups: Call = async (aws) => (await aws.autoScaling()).groups()
export const terminate: Call = async (aws) => (await aws.autoScaling()).terminateInstance('i-1')
export const describeInstances: Call = async (aws) => (await aws.ec2()).instances({ids: ['i-1']})
export const whoAmI: Call = async (aws) => (await aws.identity()).caller()

/** Calls to an AWS that says what it is told to, and the errors they fail with. */
export class FailingCalls {
  #canned: Canned | undefined

  get canned(): Canned {
    return this.#canned ?? assert.fail('nothing was called')
  }

  async serve(reply: Reply): Promise<void> {
    this.#canned = await serve(reply)
  }

  open(options: Parameters<typeof openAws>[1]): Aws {
    return openAws(this.canned.settings, options)
  }

  failure = async (reply: Reply, act = readParameter, timeoutMs = 30_000): Promise<OpsError> => {
    await this.serve(reply)
    return rejection(act(this.open({timeoutMs})))
  }

  close(): Promise<void> {
    return this.canned.close()
  }
}

export async function rejection(work: Promise<unknown>): Promise<OpsError> {
  const outcome = await work.then(
    (value) => assert.fail(`resolved with ${inspect(value)}`),
    (error: unknown) => error,
  )
  if (!(outcome instanceof OpsError)) throw outcome
  return outcome
}
