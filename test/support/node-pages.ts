import type {JetStreamView} from '../../src/lib/lab/terminations-judge.ts'

/** A node of a lab, as its own monitoring port has it. */
interface Node {
  readonly monitorPort: number
}

/** What is looked at of /varz. */
export interface Varz {
  readonly server_id: string
  readonly server_name: string
  readonly version: string
  readonly jetstream: {readonly config: {readonly max_storage: number}}
}

/** Rejects with TimeoutError where there is no answer within the limit. */
export function pageOf({monitorPort}: Node, path: string, limitMs = 30_000): Promise<Response> {
  return fetch(`http://127.0.0.1:${monitorPort}${path}`, {signal: AbortSignal.timeout(limitMs)})
}

/** What the server says of itself. */
export async function varzOf(node: Node): Promise<Varz> {
  return (await pageOf(node, '/varz')).json() as Promise<Varz>
}

/** What this server itself has stored of a stream; undefined while it has none of it. */
export async function storedOn(node: Node, stream: string) {
  const page = (await (await pageOf(node, '/jsz?accounts=true&streams=true')).json()) as JetStreamView
  const streams = (page.account_details ?? []).flatMap(({stream_detail = []}) => stream_detail)
  return streams.find(({name}) => name === stream)?.state
}
