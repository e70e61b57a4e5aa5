import {type ChildProcess, type SpawnOptions, spawn} from 'node:child_process'
import {once} from 'node:events'
import {readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {findLabProcesses} from '../../src/lib/lab/leftovers.ts'
import {type LabFiles, labFiles} from '../../src/lib/lab/plan.ts'
import {downLab, type LabStatus, type LabUpRequest, statusOfLab, upLab} from '../../src/lib/ops/lab.ts'
import {createHome, type TestHome} from './lab.ts'
import {newestNatsServer} from './nats-servers.ts'
import {ownPortRanges} from './ports.ts'

/** A home in which labs come and go; the one that is meant is called `lab`. */
export class LabLife {
  readonly server = newestNatsServer()
  readonly home: TestHome
  readonly files: LabFiles
  readonly #bystanders: ChildProcess[] = []

  private constructor(home: TestHome) {
    this.home = home
    this.files = labFiles(home.configuration.paths.labs, 'lab')
  }

  static async open(): Promise<LabLife> {
    return new LabLife(await createHome())
  }

  /** For upLab: one node, unless told. */
  request(changes: Partial<LabUpRequest> = {}): LabUpRequest {
    return {
      name: 'lab',
      nodes: 1,
      serverVersion: undefined,
      serverPath: this.server.path,
      bootDelayMs: 0,
      timeoutMs: 150_000,
      portRanges: ownPortRanges,
      ...changes,
    }
  }

  up(changes?: Partial<LabUpRequest>): Promise<LabStatus> {
    return upLab(this.home.context, this.request(changes), () => {})
  }

  status(name = 'lab'): Promise<LabStatus> {
    return statusOfLab(this.home.context, name)
  }

  down(name = 'lab'): ReturnType<typeof downLab> {
    return downLab(this.home.context, name)
  }

  /** Starts a process that `close` kills. */
  async start(command: string, argv: readonly string[], options: SpawnOptions): Promise<ChildProcess> {
    const child = spawn(command, argv, options)
    this.#bystanders.push(child)
    await once(child, 'spawn')
    return child
  }

  /** `lab up` of three nodes as a process of its own, which has a supervisor and is never done. */
  async slowUp(): Promise<{readonly child: ChildProcess; readonly supervisor: number}> {
    const child = await this.start(
      process.execPath,
      [join(import.meta.dirname, 'lab-up.ts'), 'lab', this.server.path],
      {
        env: this.home.variables,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(child.stdout!, 'data')
    const {supervisor} = await findLabProcesses(this.files)
    return {child, supervisor: supervisor!.pid}
  }

  /** Writes a shell script that is taken for a nats-server; returns its path. */
  async writeServer(lines: readonly string[]): Promise<string> {
    const path = join(this.home.folder, 'nats-server')
    await writeFile(path, ['#!/bin/sh', ...lines, ''].join('\n'), {mode: 0o755})
    return path
  }

  /** What there still is: folders of labs, and processes of the lab called `lab`. */
  async remains(): Promise<readonly unknown[]> {
    const {supervisor, servers} = await findLabProcesses(this.files)
    return [...(await this.#folders()), ...(supervisor ? [supervisor] : []), ...servers]
  }

  /** Takes every lab down. */
  async close(): Promise<void> {
    for (const child of this.#bystanders.splice(0)) child.kill('SIGKILL')
    for (const name of await this.#folders()) await this.down(name)
    await this.home.remove()
  }

  #folders(): Promise<readonly string[]> {
    return readdir(this.home.configuration.paths.labs).catch(() => [])
  }
}
