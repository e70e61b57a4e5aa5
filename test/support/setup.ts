/**
 * Before any test: nothing of the person who runs them gets in (their AWS login, their clusters, their NATS
 * credentials), and nothing gets out of one temporary folder. The cache stays: the real servers are in there.
 */
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

const keep = new Set(['NATSOPS_NATS_SERVER'])
const foreign =
  /^(AWS_|NATS_|NATSOPS_|CLUSTER_NAME$|SERVICE_NAME$|SSM_PREFIX$|ASG_NAME$|NO_COLOR$|FORCE_COLOR$|NODE_ENV$)/
for (const name of Object.keys(process.env)) if (foreign.test(name) && !keep.has(name)) delete process.env[name]

const folder = mkdtempSync(join(tmpdir(), 'natsops-test-'))
for (const part of ['CONFIG_HOME', 'STATE_HOME', 'DATA_HOME', 'RUNTIME_DIR'] as const) {
  const path = join(folder, part.toLowerCase())
  mkdirSync(path, {mode: 0o700})
  process.env[`XDG_${part}`] = path
}
process.env.AWS_CONFIG_FILE = join(folder, 'no-aws-config')
process.env.AWS_SHARED_CREDENTIALS_FILE = join(folder, 'no-aws-credentials')
process.env.AWS_EC2_METADATA_DISABLED = 'true'

// Not a fixture of mocha's: with several workers those run in the first process only, and each has a folder of its own.
process.once('exit', () => rmSync(folder, {recursive: true, force: true}))
