import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import CredsFetch from '../../src/commands/creds/fetch.ts'
import Doctor from '../../src/commands/doctor.ts'
import Exec from '../../src/commands/exec.ts'
import Health from '../../src/commands/health.ts'
import LogsBootstrap from '../../src/commands/logs/bootstrap.ts'
import LogsInsights from '../../src/commands/logs/insights.ts'
import NodeList from '../../src/commands/node/list.ts'
import NodeLogs from '../../src/commands/node/logs.ts'
import NodeReplace from '../../src/commands/node/replace.ts'
import NodeRun from '../../src/commands/node/run.ts'
import NodeSession from '../../src/commands/node/session.ts'
import NodeStatus from '../../src/commands/node/status.ts'
import Roll from '../../src/commands/roll/index.ts'
import ServiceCheck from '../../src/commands/service/check.ts'
import ServiceList from '../../src/commands/service/list.ts'
import ServiceShow from '../../src/commands/service/show.ts'
import ServiceSwitch from '../../src/commands/service/switch.ts'
import {type Configuration, openConfiguration} from '../../src/lib/config.ts'
import {startLab, type TestLab} from '../support/lab.ts'
import {allowedActions, nothingBut, readPolicies} from '../support/policies.ts'
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

/** `FILE` stands for a Terraform file of the test's own. */
const cases: readonly Case[] = [
  {group: 'look', command: Health, argv: ['--interval', '100ms'], needs: LOOK, goesOn: true},
  {group: 'look', command: NodeList, argv: [], needs: LOOK, goesOn: true},
  {group: 'credentials', command: CredsFetch, argv: [], needs: ['ssm:GetParameters']},
  {group: 'credentials', command: Exec, argv: ['--', 'true'], needs: ['ssm:GetParameters']},
  {group: 'credentials', command: ServiceList, argv: [], needs: ['ssm:GetParameters', 'ssm:GetParametersByPath']},
  {group: 'credentials', command: ServiceShow, argv: ['facebox'], needs: ['ssm:GetParameters']},
  {group: 'credentials', command: ServiceCheck, argv: ['facebox'], needs: ['ssm:GetParameters']},
  {
    group: 'credentials',
    command: ServiceSwitch,
    argv: ['facebox', '--file', 'FILE', '-n'],
    needs: ['ssm:GetParameters'],
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
  {group: 'roll', command: Roll, argv: ['--dry-run'], needs: ['ec2:DescribeInstances', 'ssm:GetParameters']},
]

/** Allowed and not denied here one by one, and why. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  credentials: ['kms:Decrypt'],
  // Asked only of nodes whose group is missing or empty; and at Ctrl-C.
  instance: ['ec2:DescribeInstanceStatus', 'ec2:DescribeInstances', 'ssm:CancelCommand'],
  logs: [GROUPS, 'ec2:DescribeInstanceStatus', 'ec2:DescribeInstances', 'logs:StopQuery'],
  // Asked where the plugin fails.
  session: ['ec2:DescribeInstanceStatus', 'ec2:DescribeInstances', 'ssm:TerminateSession'],
}

describe('the policies of docs/iam.md, action by action', function () {
  this.timeout(300_000)
  let lab: TestLab
  let file: string
  let configuration: Configuration

  before(async () => {
    lab = await startLab({bootDelayMs: 0})
    file = join(lab.folder, 'services.tf')
    writeFileSync(file, servicesFile())
    // A plugin that ends at once: who may open a session is decided before it.
    const plugin = join(lab.folder, 'session-manager-plugin')
    writeFileSync(plugin, '#!/bin/sh\n[ "$1" = --version ] && echo 1.2.999.0\nexit 0\n', {mode: 0o755})
    const variables = {...lab.variables, PATH: `${lab.folder}:${lab.variables.PATH}`}
    configuration = openConfiguration({variables, home: lab.folder, cwd: lab.folder, temporary: lab.folder})
  })
  after(() => lab?.stop())
  afterEach(() => lab.mend())

  const run = async (command: Command, argv: readonly string[], actions: readonly string[]) => {
    await lab.mend()
    await lab.breakIt('access-denied', {value: nothingBut(['sts:GetCallerIdentity', ...actions])})
    const words = argv.map((word) => (word === 'FILE' ? file : word))
    const at = words.includes('--') ? words.indexOf('--') : words.length
    const whole = [...words.slice(0, at), '--cluster', lab.name, ...words.slice(at)]
    const {stdout, stderr, exitCode} = await runCommand(command, whole, {configuration})
    return {text: stdout + stderr, exitCode}
  }

  for (const {group, command, argv, needs, goesOn} of cases) {
    it(`${group}: ${command.name} ${argv.join(' ')}`, async () => {
      const allowed = allowedActions(group)
      const all = await run(command, argv, allowed)
      assert.doesNotMatch(all.text, /not allowed|AccessDenied/)
      for (const action of needs) {
        assert.ok(allowed.includes(action), `${action} is not in the policy ${group}`)
        const without = await run(
          command,
          argv,
          allowed.filter((each) => each !== action),
        )
        assert.ok(without.text.includes(action), `${action} is not named in:\n${without.text}`)
        if (!goesOn) assert.notEqual(without.exitCode, all.exitCode, `exit status without ${action}`)
      }
    })
  }

  it('all but roll hold nothing that their commands do not ask', () => {
    for (const group of ['look', 'credentials', 'instance', 'session', 'logs']) {
      const asked = cases.filter((each) => each.group === group).flatMap(({needs}) => needs)
      assert.deepEqual([...new Set([...asked, ...(elsewhere[group] ?? [])])].sort(), allowedActions(group), group)
    }
  })

  it('doctor names what is denied, and needs no more than look, credentials and logs', async () => {
    const allowed = [...allowedActions('look'), ...allowedActions('credentials'), 'logs:FilterLogEvents']
    const {text} = await run(Doctor, ['--timeout', '30s'], allowed)
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
    assert.deepEqual([...readPolicies().keys()], ['look', 'credentials', 'instance', 'session', 'logs', 'roll'])
  })
})
