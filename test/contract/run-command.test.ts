import assert from 'node:assert/strict'
import {openAws} from '../../src/lib/clients/aws/aws.ts'
import type {Aws} from '../../src/lib/clients/ports.ts'
import {cluster, startMotoBackend} from '../support/aws-backends.ts'

/** Run Command against an AWS that knows nothing of the lab; it only pretends to run anything. */
describe('Run Command as moto plays it', function () {
  this.slow(3000)
  let aws: Aws
  let stop: (() => Promise<void>) | undefined

  before(async function () {
    const backend = await startMotoBackend()
    if (!backend) {
      if (process.env.CI) throw new Error('moto_server is not there: run script/bootstrap --test')
      return this.skip()
    }
    stop = backend.stop
    aws = openAws(backend.settings, {timeoutMs: 60_000})
  })

  after(() => stop?.())

  it('sends a command to an instance of a group and waits for its end', async () => {
    const [group] = await (await aws.autoScaling()).groups([`${cluster}-node-1-asg`])
    const instanceId = group?.instances[0]?.id ?? ''
    const result = await (await aws.runCommand()).run(instanceId, ['echo', "it's"], {timeoutMs: 60_000})
    assert.deepEqual(result, {exitCode: 0, stdout: '', stderr: '', cut: false})
  })
})
