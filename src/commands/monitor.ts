import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../lib/command.ts'
import {parseExactJson} from '../lib/domain/exact-json.ts'
import {MONITOR_PAGES} from '../lib/domain/monitor-pages.ts'
import {fetchPages, parsePage, parseParameters} from '../lib/ops/monitor-endpoint.ts'
import {renderPage, renderPages} from '../lib/output/monitor-page.ts'

/** Public, under --json. */
export interface MonitorDocument {
  readonly cluster: string
  readonly at: string
  readonly endpoint: string
  /** With its parameters, as it was asked for. */
  readonly path: string
  readonly nodes: Readonly<Record<string, MonitorNode>>
  readonly exit: number
}

export interface MonitorNode {
  /** HTTP status; null where there was no answer. */
  readonly status: number | null
  /** The page; numbers are the server's, to the last digit. */
  readonly body: unknown
  readonly error: {readonly kind: string; readonly message: string} | null
}

export default class Monitor extends NatsopsCommand<MonitorDocument> {
  static override summary = 'Show a page of the monitoring port as it is: varz, jsz, connz ...'
  static override description =
    `One node's page is printed byte for byte, indented on a terminal; several are one document keyed by node.

${Object.entries(MONITOR_PAGES)
  .map(([name, {about}]) => `${name.padEnd(10)} ${about}`)
  .join('\n')}

Exit status: 0 every node answered with 2xx, 7 a node gave no usable answer, 2 a parameter was refused (400), 9 there is no such page or name (404), 10 a proxy refused (401, 403); healthz: 20 not every node is well, 21 none is.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> healthz --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> varz --cluster nats-prod --node 1 | jq .mem',
    '<%= config.bin %> <%= command.id %> connz --node 2 --param sort=bytes_to --param limit=10',
    '<%= config.bin %> <%= command.id %> jsz --param accounts=true --param streams=true --json',
  ]
  static override args = {
    endpoint: Args.string({required: true, description: 'page to ask for, see below'}),
  }
  static override flags = {
    ...clusterFlags,
    node: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'ask this node only, by name, node-1 or 1; repeatable',
      helpValue: 'NODE',
    }),
    param: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'parameter of the page; repeatable',
      helpValue: 'NAME=VALUE',
    }),
    aws: Flags.boolean({allowNo: true, default: true, summary: 'ask AWS which nodes there are'}),
  }

  async run(): Promise<MonitorDocument> {
    const {args, flags} = await this.parse(Monitor)
    const page = parsePage(args.endpoint)
    const {node: named = [], param = []} = flags
    const parameters = parseParameters(param)
    const ctx = await this.clusterContext(flags)
    const {terminal} = this
    const {path, pages, exit, warnings} = await fetchPages(ctx, {
      page,
      parameters,
      nodes: named,
      askAws: flags.aws,
    })
    const [only] = pages
    if (!this.jsonEnabled()) {
      const text = named.length === 1 && only ? renderPage(only, terminal) : renderPages(pages)
      terminal.screen.write(text)
    }
    for (const warning of warnings) terminal.say(`warning: ${warning}`)
    for (const {node, problem} of pages) if (problem) terminal.say(`${node}: ${problem.message}`)
    process.exitCode = exit
    const nodes = pages.map(({node, status, text, problem}): readonly [string, MonitorNode] => {
      const body = text === undefined ? null : parseExactJson(text)
      return [node, {status: status ?? null, body, error: problem ?? null}]
    })
    const at = new Date(ctx.clock.now()).toISOString()
    return {cluster: ctx.settings.name, at, endpoint: page, path, nodes: Object.fromEntries(nodes), exit}
  }
}
