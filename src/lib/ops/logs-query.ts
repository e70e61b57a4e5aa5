import type {LogTable} from '../clients/ports.ts'
import type {ClusterContext} from '../context.ts'
import type {LogNames} from '../domain/settings.ts'
import {Exit, OpsError} from '../errors.ts'

export interface AxiomRequest {
  readonly apl: string
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly until: number
  readonly limitMs: number
}

/** The last that was said, by anybody. */
export function latestQuery({axiomDataset}: LogNames): string {
  return `[${JSON.stringify(axiomDataset)}] | sort by _time desc | limit 100`
}

/** One query of the nodes' logs in Axiom. Rejects with LOG_TOKEN_MISSING (exit 10) or like LogService.query. */
export async function queryAxiom(
  {logService, signal}: Pick<ClusterContext, 'logService' | 'signal'>,
  {apl, since, until, limitMs}: AxiomRequest,
): Promise<LogTable> {
  const service = await logService()
  if (service === undefined) {
    throw new OpsError('there is no token for Axiom', {
      code: 'LOG_TOKEN_MISSING',
      exit: Exit.auth,
      suggestions: [
        'export AXIOM_TOKEN=..., an API token that may query the dataset',
        'or name the SSM parameter with the token in the configuration: logs.axiomTokenParameter',
      ],
    })
  }
  return service.query(apl, {since, until}, {timeoutMs: limitMs, signal})
}
