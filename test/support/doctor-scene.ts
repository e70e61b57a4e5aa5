import assert from 'node:assert/strict'
import {chmodSync, mkdirSync, writeFileSync} from 'node:fs'
import type {AddressInfo, Server} from 'node:net'
import {join} from 'node:path'
import Doctor from '../../src/commands/doctor.ts'
import type {Aws} from '../../src/lib/clients/ports.ts'
import type {DoctorReport} from '../../src/lib/domain/doctor.ts'
import type {AutoScalingGroup} from '../../src/lib/domain/observation.ts'
import {Exit, OpsError} from '../../src/lib/errors.ts'
import {fakeAws} from './fakes.ts'
import {type RunOptions, runCommand} from './run.ts'
import {ServiceScene} from './services.ts'

type Account = Pick<Aws, 'identity' | 'autoScaling' | 'ec2' | 'logs'>

/** A machine, an account and a cluster for `natsops doctor` to look at, in real time. */
export class DoctorScene extends ServiceScene {
  account: Account

  constructor() {
    super()
    this.machine.clock.time = Date.now()
    this.account = this.#anna()
  }

  /** A cluster of two nodes at these addresses, in the user's configuration file. */
  configure(...addresses: readonly string[]): void {
    const folder = this.machine.path('.config/natsops')
    mkdirSync(folder, {recursive: true})
    const nodes = addresses.map((address, index) => {
      const [host = '', port = '4222'] = address.split(':')
      return {name: `c-node-${index + 1}`, host, clientPort: Number(port), monitorPort: Number(port)}
    })
    writeFileSync(join(folder, 'config.json'), JSON.stringify({clusters: {c: {nodes}}}))
  }

  /** A program that the machine has. */
  install(name: string, script: string): void {
    const path = this.machine.path(`bin/${name}`)
    mkdirSync(this.machine.path('bin'), {recursive: true})
    writeFileSync(path, `#!/bin/sh\n${script}\n`)
    chmodSync(path, 0o755)
  }

  run(argv: readonly string[] = [], options: RunOptions = {}) {
    const PATH = `${this.machine.path('bin')}:/usr/bin:/bin`
    const wiring = this.machine.wiring(this.store, {PATH})
    const open = wiring.openClusterContext
    assert.ok(open)
    const openClusterContext: typeof open = (parts, cluster) => {
      return {...open(parts, cluster), aws: async () => ({...fakeAws(this.store), ...this.account})}
    }
    return runCommand(Doctor, argv, {...wiring, openClusterContext}, options)
  }

  async report(timeout = '60s'): Promise<DoctorReport & {exitCode: number}> {
    const {stdout, exitCode} = await this.run(['--cluster', 'c', '--timeout', timeout, '--json'])
    return {...JSON.parse(stdout), exitCode}
  }

  /** An account that holds a group c-node-1-asg and nothing else, as ARN of anna. */
  #anna(): Account {
    const group = {name: 'c-node-1-asg'} as AutoScalingGroup
    return {
      identity: async () => ({
        caller: async () => ({
          account: '123456789012',
          arn: 'arn:aws:iam::123456789012:user/anna',
          serverTime: this.machine.clock.time - 45_000,
        }),
      }),
      autoScaling: async () => ({
        groups: async () => [group],
        activities: async () => [],
        refreshes: async () => {
          throw new OpsError('autoscaling:DescribeInstanceRefreshes: anna is not allowed', {
            code: 'AWS_ACCESS_DENIED',
            exit: Exit.auth,
            suggestions: ['have it allowed'],
          })
        },
        terminateInstance: () => assert.fail('a doctor changes nothing'),
        startRefresh: () => assert.fail('a doctor changes nothing'),
      }),
      ec2: async () => ({instances: async () => []}),
      logs: async () =>
        ({
          find: async () => {
            throw new OpsError('no such group', {code: 'AWS_NOT_FOUND', exit: Exit.notFound})
          },
        }) as unknown as Awaited<ReturnType<Aws['logs']>>,
    }
  }
}

/** What a doctor says of a check: status, message, fix. */
export function about({findings}: DoctorReport, check: string) {
  const found = findings.find((each) => each.check === check)
  return found && [found.status, found.message, found.fix]
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
