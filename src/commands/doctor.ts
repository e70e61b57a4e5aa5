import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../lib/command.ts'
import type {DoctorReport} from '../lib/domain/doctor.ts'
import {OpsError, verdictExits} from '../lib/errors.ts'
import {diagnose, type Subject} from '../lib/ops/doctor/diagnose.ts'
import {renderDoctor} from '../lib/output/doctor.ts'

export default class Doctor extends NatsopsCommand<DoctorReport> {
  static override summary = 'Find out what keeps natsops from working here, and what mends it'
  static override description =
    `Looks at everything at once: VPN, names, ports and clocks of the nodes, AWS identity and permissions, credentials, locks,
tools. What cannot be tried without doing harm is called not-checked, what did not answer unknown: neither is ok. Whether
the cluster itself is well is the question of natsops health.

Exit status: 0 ok, 20 something is to be seen to or not known, 21 something is wrong.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --json',
  ]
  static override flags = {
    ...clusterFlags,
    timeout: Flags.string({default: '4s', summary: 'limit for all of it, e.g. 10s', helpValue: 'DURATION'}),
  }

  #isCut = false

  /** What was cut off, a name server that never answers above all, would keep the process for as long as it likes. */
  override async _run<T>(): Promise<T> {
    const result = await super._run<T>()
    if (this.#isCut) this.terminal.exit(Number(process.exitCode ?? 0))
    return result
  }

  async run(): Promise<DoctorReport> {
    const {flags} = await this.parse(Doctor)
    const limitMs = this.configuration.duration('--timeout', flags.timeout)
    const subject = await this.#settle(flags)
    const {report: found, isCut} = await this.terminal.progress('looking at this machine, the network and AWS', () =>
      diagnose(subject, limitMs),
    )
    this.#isCut = isCut
    const findings = found.findings.map((each) => ({...each, fix: each.fix && this.pasteable(each.fix)}))
    const report = {...found, findings}
    this.log(renderDoctor(report, this.terminal))
    process.exitCode = verdictExits[report.verdict]
    return report
  }

  /** A configuration that is wrong, or names no cluster, is the first finding. */
  async #settle(flags: Parameters<Doctor['clusterContext']>[0]): Promise<Subject> {
    try {
      return {cluster: await this.clusterContext(flags)}
    } catch (problem) {
      if (!(problem instanceof OpsError)) throw problem
      return {local: this.localContext(), problem}
    }
  }
}
