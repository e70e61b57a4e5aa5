import {printable} from '../../domain/printable.ts'
import {counted, listed} from '../../domain/quantity.ts'
import type {PlannedNode, RollPlan} from '../../domain/roll/plan.ts'
import {humanBytes, humanDuration} from '../format.ts'
import {wrapText} from '../health/wrap.ts'
import type {Tone} from '../terminal.ts'

export interface PlanStyle {
  /** Lines are wrapped, never cut; Infinity in a pipe. */
  readonly width: number
  paint(tone: Tone, text: string): string
}

/** What a plan is for: the headline and what does not apply to it. */
export interface PlanPurpose {
  /** `replace` or `drain`. */
  readonly action: 'replace' | 'drain'
  readonly settleMs: number
}

/** The plan for people: where, each node in its order, warnings, and what refuses it. */
export function renderPlan(plan: RollPlan, {action, settleMs}: PlanPurpose, style: PlanStyle): string {
  const {cluster, account, region, strategy, nodes, warnings} = plan
  const how = action === 'replace' ? `, by ${strategy}, settle ${humanDuration(settleMs)}` : ''
  const head = `${action} ${counted(nodes.length, 'node')} of ${cluster} (account ${account}, ${region})${how}`
  const wrap = (lead: string, text: string): readonly string[] => wrapText(lead, printable(text), style.width)
  const blocks = [
    wrap('', head).map((line) => style.paint('strong', line)),
    ...nodes.map((node, index) => nodeLines(node, index + 1, action, style)),
    ...(warnings.length > 0
      ? [[style.paint('warning', 'warnings'), ...warnings.flatMap((warning) => wrap('  - ', warning))]]
      : []),
    ...(plan.blockers.length > 0 ? [blockerLines(plan, style)] : []),
  ]
  return blocks.map((lines) => lines.join('\n')).join('\n\n')
}

function nodeLines(
  {identity, reason, leads, streams, bytes, syncSeconds, singles, inMemory}: PlannedNode,
  place: number,
  action: PlanPurpose['action'],
  {width, paint}: PlanStyle,
): readonly string[] {
  const {node, asg, instanceId, privateIp, serverId, version} = identity
  const title = printable(node)
  const field = (name: string, text: string): readonly string[] =>
    text === '' ? [] : wrapText(`   ${name.padEnd(10)}`, printable(text), width)
  const single = (each: {readonly name: string; readonly accepted: boolean}): readonly string[] => {
    const fate = each.name.endsWith('(ephemeral)')
      ? 'goes with its client, which makes another'
      : each.accepted
        ? 'the only copy, its loss is accepted'
        : 'the only copy'
    return field('at stake', `${each.name}: ${fate}`).map((line) => paint(each.accepted ? 'warning' : 'bad', line))
  }
  const estimate = syncSeconds > 0 ? `, about ${humanDuration(syncSeconds * 1000)}` : ''
  const memory = `${listed(inMemory, 5)}: in memory, kept by the other replicas`
  return [
    ...wrapText(`${place}  `, action === 'drain' ? title : `${title}  ${printable(reason)}`, width).map((line) =>
      line.replace(title, () => paint('strong', title)),
    ),
    ...field('instance', instanceId === '' ? 'unknown' : `${instanceId}  ${privateIp ?? 'no address'}  ${asg}`),
    ...field('server', serverId === undefined ? 'does not answer' : `${version ?? 'unknown version'}  ${serverId}`),
    ...field('leads', listed(leads, 6)),
    ...(action === 'replace'
      ? field('re-sync', `${humanBytes(bytes)} in ${counted(streams, 'stream')}${estimate}`)
      : []),
    ...singles.flatMap(single),
    ...(inMemory.length > 0 ? field('memory', memory) : []),
  ]
}

function blockerLines({blockers, advice}: RollPlan, {width, paint}: PlanStyle): readonly string[] {
  const wrap = (lead: string, text: string): readonly string[] => wrapText(lead, printable(text), width)
  return [
    paint('bad', `blocked: ${counted(blockers.length, 'invariant')} ${blockers.length === 1 ? 'does' : 'do'} not hold`),
    ...(advice ? wrap('  ', advice.what).map((line) => paint('strong', line)) : []),
    ...blockers.flatMap(({id, title, reasons, remedy}) => [
      ...wrap(`  ${id}  `, title),
      ...reasons.flatMap((reason) => wrap('      - ', reason)),
      ...wrap('      needs: ', remedy),
    ]),
  ]
}
