import {type Answer, answered, unanswered} from '../../domain/answer.ts'
import type {NodeSighting, ServerIdentity} from '../../domain/reports/sightings.ts'
import type {NodeTarget} from '../../domain/settings.ts'
import type {MonitorPages, RawPage} from '../ports.ts'
import type {AskNodes, Parameters} from './reports.ts'

/**
 * Asks the monitoring port of every node, all at the same time. /varz is asked along with each, for only there a server
 * says its name: what another server answers at a node's address is no answer of that node.
 */
export function askOverHttp(monitor: MonitorPages, nodes: readonly NodeTarget[]): AskNodes {
  const ask = async (node: NodeTarget, path: string): Promise<Answer<unknown>> => {
    const page = await monitor.page(node, path)
    return page.ok ? read(page.value, path, page.at) : page
  }
  const askNode = async (node: NodeTarget, path: string): Promise<NodeSighting<unknown>> => {
    const [identity, answer] = await Promise.all([ask(node, '/varz'), ask(node, path)])
    const server = identity.ok ? identityOf(identity.value) : undefined
    if (server === undefined || server.name === node.name) return {node, server, answer}
    const why = `the server there calls itself ${server.name}`
    return {node, server: undefined, answer: unanswered('malformed', why, answer.at)}
  }
  return (endpoint, parameters) => {
    const query = queryOf(parameters)
    return Promise.all(nodes.map((node) => askNode(node, `/${endpoint}${query ? `?${query}` : ''}`)))
  }
}

function queryOf(parameters: Parameters): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) query.set(name, String(value))
  return query.toString()
}

function read({status, text, contentType}: RawPage, path: string, at: number): Answer<unknown> {
  if (status === 404 && path.startsWith('/raftz')) {
    // A server without a cluster has the endpoint and no group, and says so in text; an old one has no such page.
    if (text.startsWith('No Raft nodes')) return answered({}, at)
    return unanswered('unsupported', 'this server has no /raftz (it came with 2.10.17)', at)
  }
  if (status !== 200) return unanswered('http-status', `HTTP ${status} for ${path}`, at)
  try {
    return answered(JSON.parse(text) as unknown, at)
  } catch {
    return unanswered('malformed', `the answer is ${contentType}, not JSON`, at)
  }
}

function identityOf(varz: unknown): ServerIdentity | undefined {
  const {server_name: name, server_id: id, version} = (varz ?? {}) as Readonly<Record<string, unknown>>
  return typeof name === 'string' && typeof id === 'string' ? {name, id, version: String(version ?? '')} : undefined
}
