import assert from 'node:assert/strict'
import {describeEnvironment, renderEnvironment} from '../../../src/lib/lab/environment.ts'
import {labFiles, planNodes} from '../../../src/lib/lab/plan.ts'

const plan = {
  name: 'lab',
  region: 'us-east-2',
  nodes: planNodes('lab', 2, [4001, 4002, 4003, 4004, 4005, 4006]),
  server: {version: '2.15.1', path: '/bin/nats-server'},
  bootDelayMs: 0,
  maxFileBytes: 1,
  maxMemoryBytes: 1,
  supervisor: [],
}
const record = {
  endpoint: 'http://127.0.0.1:4000',
  control: {url: 'http://127.0.0.1:1', key: 'control-key'},
  aws: {accessKeyId: 'AKIAX', secretAccessKey: 'a/b+c='},
  admin: {jwt: 'admin-jwt', seed: 'admin-seed'},
  axiom: {url: 'http://127.0.0.1:4010', token: 'xaat-lab'},
}

describe('the environment of a lab', () => {
  const environment = describeEnvironment(plan, record, labFiles("/it's", 'lab'))

  it('is lines for sh, quoted where needed', () => {
    assert.equal(
      renderEnvironment(environment, 'sh'),
      `export AWS_ENDPOINT_URL=http://127.0.0.1:4000
export AWS_ACCESS_KEY_ID=AKIAX
export AWS_SECRET_ACCESS_KEY=a/b+c=
export AWS_REGION=us-east-2
export AWS_DEFAULT_REGION=us-east-2
export CLUSTER_NAME=lab
export SSM_PREFIX=/nats-cluster/lab
export NATS_URL=nats://127.0.0.1:4001,nats://127.0.0.1:4004
export NATS_CREDS='/it'\\''s/lab/admin.creds'
export AXIOM_URL=http://127.0.0.1:4010
export AXIOM_TOKEN=xaat-lab
unset AWS_PROFILE
unset AWS_SESSION_TOKEN
unset NATS_CONTEXT`,
    )
  })

  it('is lines for fish, quoted its own way', () => {
    const lines = renderEnvironment(environment, 'fish').split('\n')
    assert.equal(lines[0], "set -gx AWS_ENDPOINT_URL 'http://127.0.0.1:4000'")
    assert.equal(lines[8], "set -gx NATS_CREDS '/it\\'s/lab/admin.creds'")
    assert.equal(lines[11], 'set -e AWS_PROFILE')
  })

  it('holds no secret but the AWS key and the token for Axiom', () => {
    assert.doesNotMatch(JSON.stringify(environment), /control-key|admin-jwt|admin-seed/)
  })
})
