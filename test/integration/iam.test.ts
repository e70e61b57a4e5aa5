import assert from 'node:assert/strict'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import AuthInit from '../../src/commands/auth/init.ts'
import AuthUserList from '../../src/commands/auth/user/list.ts'
import ConfigDiff from '../../src/commands/config/diff.ts'
import CredsFetch from '../../src/commands/creds/fetch.ts'
import Doctor from '../../src/commands/doctor.ts'
import Exec from '../../src/commands/exec.ts'
import Health from '../../src/commands/health.ts'
import LogsBootstrap from '../../src/commands/logs/bootstrap.ts'
import LogsInsights from '../../src/commands/logs/insights.ts'
import LogsQuery from '../../src/commands/logs/query.ts'
import Monitor from '../../src/commands/monitor.ts'
import NodeList from '../../src/commands/node/list.ts'
import NodeLogs from '../../src/commands/node/logs.ts'
import NodeReplace from '../../src/commands/node/replace.ts'
import NodeRun from '../../src/commands/node/run.ts'
import NodeSession from '../../src/commands/node/session.ts'
import NodeStatus from '../../src/commands/node/status.ts'
import ReportJetStream from '../../src/commands/report/jetstream.ts'
import Roll from '../../src/commands/roll/index.ts'
import RollStatus from '../../src/commands/roll/status.ts'
import ServiceCheck from '../../src/commands/service/check.ts'
import ServiceList from '../../src/commands/service/list.ts'
import ServiceShow from '../../src/commands/service/show.ts'
import ServiceSwitch from '../../src/commands/service/switch.ts'
import {type Configuration, openConfiguration} from '../../src/lib/config.ts'
import {type AwsCall, recordAwsCalls} from '../support/aws-calls.ts'
import {startLab, type TestLab} from '../support/lab.ts'
import {allowedActions, isAllowed, nothingBut, readPolicies} from '../support/policies.ts'
import {runCommand} from '../support/run.ts'
import {servicesFile} from '../support/terraform.ts'

type Command = Parameters<typeof runCommand>[0]

interface Case {
  readonly group: string
  readonly command: Command
  readonly argv: readonly string[]
  /** Actions that it does not work without, or leaves something out for: it names each that is denied. */
  readonly needs: readonly string[]
  /** What is denied is a warning, and the rest is shown. */
  readonly goesOn?: boolean
}

const LOOK = [
  'autoscaling:DescribeAutoScalingGroups',
  'autoscaling:DescribeInstanceRefreshes',
  'autoscaling:DescribeScalingActivities',
  'ec2:DescribeInstanceStatus',
  'ec2:DescribeInstances',
]
const GROUPS = 'autoscaling:DescribeAutoScalingGroups'
/** Asked by whoever asks for groups; nobody but `look` and `roll` shows what it tells, and to all a refusal is no answer. */
const TEMPLATES = 'ec2:DescribeLaunchTemplates'

/** A second cluster, behind the lab's endpoint and in the user's own file: nothing is stored, nothing runs. */
const FRESH = 'fresh'
const TOKEN = `/nats-cluster/${FRESH}/axiom_token`

/** `TERRAFORM` and `DESCRIPTION` stand for files of the test's own. */
const cases: readonly Case[] = [
  {group: 'look', command: Health, argv: ['--interval', '100ms'], needs: LOOK, goesOn: true},
  {group: 'look', command: NodeList, argv: [], needs: LOOK, goesOn: true},
  {group: 'look', command: Monitor, argv: ['healthz'], needs: [GROUPS], goesOn: true},
  {group: 'look', command: RollStatus, argv: [], needs: ['ssm:GetParameters']},
  {group: 'credentials', command: ReportJetStream, argv: ['--source', 'system'], needs: ['ssm:GetParameters']},
  {group: 'credentials', command: CredsFetch, argv: [], needs: ['ssm:GetParameters']},
  {group: 'credentials', command: Exec, argv: ['--', 'true'], needs: ['ssm:GetParameters']},
  {group: 'credentials', command: ServiceList, argv: [], needs: ['ssm:GetParameters', 'ssm:GetParametersByPath']},
  {group: 'credentials', command: ServiceShow, argv: ['facebox'], needs: ['ssm:GetParameters']},
  {group: 'credentials', command: ServiceCheck, argv: ['facebox'], needs: ['ssm:GetParameters']},
  {
    group: 'credentials',
    command: ServiceSwitch,
    argv: ['facebox', '--file', 'TERRAFORM', '-n'],
    needs: ['ssm:GetParameters'],
  },
  {
    group: 'auth',
    command: AuthInit,
    argv: ['--file', 'DESCRIPTION', '--confirm', FRESH],
    needs: ['ssm:GetParameters', 'ssm:PutParameter'],
  },
  {group: 'auth', command: AuthUserList, argv: ['--file', 'DESCRIPTION'], needs: ['ssm:GetParameters']},
  // Takes the preload that auth init has made.
  {
    group: 'look',
    command: ConfigDiff,
    argv: ['--file', 'DESCRIPTION', '--cluster', FRESH],
    needs: [GROUPS],
    goesOn: true,
  },
  {
    group: 'instance',
    command: NodeRun,
    argv: ['1', '--', 'systemctl', 'is-active', 'nats'],
    needs: [GROUPS, 'ssm:SendCommand', 'ssm:GetCommandInvocation'],
  },
  {group: 'instance', command: NodeStatus, argv: ['1'], needs: [GROUPS, 'ssm:SendCommand']},
  {group: 'instance', command: NodeLogs, argv: ['1'], needs: [GROUPS, 'ssm:SendCommand']},
  {group: 'session', command: NodeSession, argv: ['1'], needs: [GROUPS, 'ssm:StartSession']},
  {group: 'session', command: NodeSession, argv: ['1', '--forward', '18222:8222'], needs: ['ssm:StartSession']},
  {group: 'logs', command: LogsBootstrap, argv: [], needs: ['logs:FilterLogEvents']},
  {group: 'logs', command: LogsInsights, argv: [], needs: ['logs:StartQuery', 'logs:GetQueryResults']},
  {group: 'logs', command: LogsQuery, argv: ['--cluster', FRESH], needs: ['ssm:GetParameters']},
  {group: 'roll', command: Roll, argv: ['--dry-run'], needs: ['ec2:DescribeInstances', 'ssm:GetParameters']},
]

/** Allowed and not denied here one by one, and why. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  credentials: ['kms:Decrypt'],
  // Denied, it is no answer.
  look: [TEMPLATES],
  // Asked only of nodes whose group is missing or empty; and at Ctrl-C.
  instance: ['ec2:DescribeInstanceStatus', 'ec2:DescribeInstances', 'ssm:CancelCommand'],
  logs: [GROUPS, 'ec2:DescribeInstanceStatus', 'ec2:DescribeInstances', 'logs:StopQuery'],
  // Asked where the plugin fails.
  session: ['ec2:DescribeInstanceStatus', 'ec2:DescribeInstances', 'ssm:TerminateSession'],
}

/** What describes a cluster names it. */
const isFresh = (argv: readonly string[]): boolean => argv.includes(FRESH) || argv.includes('DESCRIPTION')

describe('the policies of docs/iam.md, action by action and resource by resource', function () {
  this.timeout(300_000)
  let lab: TestLab
  let files: Readonly<Record<string, string>>
  let configuration: Configuration

  before(async () => {
    lab = await startLab({bootDelayMs: 0})
    const {record, folder} = lab
    files = {TERRAFORM: join(folder, 'services.tf'), DESCRIPTION: join(folder, 'cluster.yaml')}
    writeFileSync(join(folder, 'services.tf'), servicesFile())
    writeFileSync(join(folder, 'cluster.yaml'), `name: ${FRESH}\nauth: {mode: operator, services: [{name: orders}]}\n`)
    const access = {
      endpoints: {all: record.endpoint},
      credentialsFile: lab.files.awsCredentials,
      profile: 'natsops-lab-lab',
    }
    const clusters = {[FRESH]: {...access, logs: {axiomTokenParameter: TOKEN}}}
    mkdirSync(join(folder, 'config/natsops'), {recursive: true})
    writeFileSync(join(folder, 'config/natsops/config.json'), JSON.stringify({clusters}))
    const store = await (await (await lab.cluster()).aws()).parameters()
    await store.put(TOKEN, record.axiom?.token ?? '', {secure: true, overwrite: false})
    // A plugin that ends at once: who may open a session is decided before it.
    const plugin = join(folder, 'session-manager-plugin')
    writeFileSync(plugin, '#!/bin/sh\n[ "$1" = --version ] && echo 1.2.999.0\nexit 0\n', {mode: 0o755})
    const own = {PATH: `${folder}:${lab.variables.PATH}`, AXIOM_URL: record.axiom?.url ?? ''}
    const variables = {...lab.variables, ...own}
    configuration = openConfiguration({variables, home: folder, cwd: folder, temporary: folder})
  })
  after(() => lab?.stop())
  afterEach(() => lab.mend())

  const run = async (command: Command, argv: readonly string[], actions: readonly string[]) => {
    await lab.mend()
    await lab.breakIt('access-denied', {value: nothingBut(['sts:GetCallerIdentity', ...actions])})
    const words = argv.map((word) => files[word] ?? word)
    const whole = isFresh(argv) ? words : ['--cluster', lab.name, ...words]
    const {result, calls} = await recordAwsCalls(() => runCommand(command, whole, {configuration}))
    return {text: result.stdout + result.stderr, exitCode: result.exitCode, calls}
  }
  const assertAllowed = (calls: readonly AwsCall[], groups: readonly string[], cluster = lab.name) => {
    const unconditional = ['sts:GetCallerIdentity', TEMPLATES]
    const others = calls.filter((call) => !unconditional.includes(call.action) && !isAllowed(call, groups, cluster))
    assert.deepEqual(others, [], `not allowed by ${groups.join(', ')}`)
  }

  for (const {group, command, argv, needs, goesOn} of cases) {
    it(`${group}: ${command.name} ${argv.join(' ')}`, async () => {
      const allowed = allowedActions(group)
      const refused: Awaited<ReturnType<typeof run>>[] = []
      for (const action of needs) {
        assert.ok(allowed.includes(action), `${action} is not in the policy ${group}`)
        const others = allowed.filter((each) => each !== action)
        const without = await run(command, argv, others)
        assert.ok(without.text.includes(action), `${action} is not named in:\n${without.text}`)
        refused.push(without)
      }
      const all = await run(command, argv, allowed)
      assert.doesNotMatch(all.text, /not allowed|AccessDenied/)
      assert.ok(all.calls.length > 0)
      assertAllowed(all.calls, [group], isFresh(argv) ? FRESH : lab.name)
      if (!goesOn) for (const {exitCode} of refused) assert.notEqual(exitCode, all.exitCode)
    })
  }

  it('all but roll hold nothing that their commands do not ask', () => {
    for (const group of ['look', 'credentials', 'auth', 'instance', 'session', 'logs']) {
      const asked = cases.filter((each) => each.group === group).flatMap(({needs}) => needs)
      assert.deepEqual([...new Set([...asked, ...(elsewhere[group] ?? [])])].sort(), allowedActions(group), group)
    }
  })

  it('doctor names what is denied, and needs no more than look, credentials and logs', async () => {
    const allowed = [...allowedActions('look'), ...allowedActions('credentials'), 'logs:FilterLogEvents']
    const {text, calls} = await run(Doctor, ['--timeout', '30s'], allowed)
    assertAllowed(calls, ['look', 'credentials', 'logs'])
    assert.doesNotMatch(text, /not allowed|AccessDenied/)
    assert.match(text, /permissions-read\tok\t.*\n/)
    for (const action of ['ssm:GetParameters', 'logs:FilterLogEvents', 'autoscaling:DescribeInstanceRefreshes']) {
      const without = await run(
        Doctor,
        ['--timeout', '30s'],
        allowed.filter((each) => each !== action),
      )
      assert.match(without.text, new RegExp(`\tfailed\t.*${action}`))
    }
  })

  it('roll is refused without the right to hold the lock, and changes nothing', async () => {
    const allowed = allowedActions('roll').filter((action) => action !== 'ssm:PutParameter')
    const {text, exitCode} = await run(NodeReplace, ['1', '--confirm', lab.name], allowed)
    assert.match(text, /ssm:PutParameter/)
    assert.notEqual(exitCode, 0)
    assert.deepEqual(await lab.terminations(), [])
  })

  it('every policy is one that AWS takes: a version, names that are used once, ARNs or *', () => {
    for (const [name, {Version, Statement}] of readPolicies()) {
      assert.equal(Version, '2012-10-17')
      assert.equal(new Set(Statement.map(({Sid}) => Sid)).size, Statement.length, name)
      for (const {Sid, Effect, Action, Resource} of Statement) {
        assert.match(Sid, /^[A-Za-z0-9]+$/)
        assert.equal(Effect, 'Allow')
        for (const action of [Action].flat()) assert.match(action, /^[a-z0-9]+:[A-Z][A-Za-z]+$/)
        for (const resource of [Resource].flat()) assert.match(resource, /^(\*|arn:aws:[a-z0-9]+:[a-z0-9-]*:\d*:.+)$/)
      }
    }
    assert.deepEqual([...readPolicies().keys()], ['look', 'credentials', 'auth', 'instance', 'session', 'logs', 'roll'])
  })
})
