import {metaIsWhole} from '../../domain/roll/meta.ts'
import {compareVersions} from '../../domain/roll/plan.ts'
import {meshIsComplete, nodesAreHealthy} from '../../domain/roll/predicates.ts'
import {broken, type NodeIdentity, type RollView} from '../../domain/roll/view.ts'
import {Exit} from '../../errors.ts'
import {goneFromRoutes, routesTo} from './going.ts'
import {subjectOf} from './invariants.ts'
import type {Judgement, RollMachine, Wait} from './machine.ts'
import {awaitSync, verify} from './settle.ts'
import {nodeOf, predicate, type Siblings} from './turns.ts'

/**
 * Everything after TERMINATE: only forward. Each state may take its time; all the while the siblings are watched,
 * because with one node away the next loss is the one that counts. Resolves to the bytes the new node holds.
 */
export async function awaitReplacement(machine: RollMachine, old: NodeIdentity): Promise<number> {
  const siblings = watchSiblings(machine, old)
  await awaitGone(machine, old, siblings)
  const instanceId = await awaitLaunch(machine, old, siblings)
  const joined = await awaitJoin(machine, old, instanceId, siblings)
  await awaitBootstrap(machine, joined, siblings)
  const bytes = await awaitSync(machine, joined, siblings)
  await verify(machine, joined)
  return bytes
}

/** Throws a hold when the rest of the cluster has been broken for longer than the limit. Called in every turn. */
function watchSiblings(machine: RollMachine, old: NodeIdentity): Siblings {
  let since: number | undefined
  return (wait, view) => {
    const subject = subjectOf(machine, old, true)
    // Clients that come back from the node ask much at once: a leader that is busy with it endangers nothing here.
    const metaGroup = metaIsWhole(view, subject, {countsBacklog: false})
    const lacking = broken([meshIsComplete(view, subject), nodesAreHealthy(view, subject), metaGroup])
    const now = machine.deps.clock.monotonic()
    since = lacking.length === 0 ? undefined : (since ?? now)
    if (since !== undefined && now - since > machine.deps.limits.siblings) {
      throw machine.hold(
        {...wait, limitMs: machine.deps.limits.siblings, goal: 'the rest of the cluster is whole'},
        view,
        lacking,
      )
    }
  }
}

async function awaitGone(machine: RollMachine, old: NodeIdentity, siblings: Siblings): Promise<void> {
  await machine.enter('GONE', old.node)
  const wait: Wait = {
    state: 'GONE',
    node: old.node,
    limitMs: machine.deps.limits.gone,
    goal: `${old.instanceId} is terminated`,
  }
  await machine.wait(wait, (view) => {
    siblings(wait, view)
    const seen = view.aws.ok ? view.aws.value.find(({node}) => node === old.node) : undefined
    const instance = seen?.instances.find(({id}) => id === old.instanceId)
    const inGroup = seen?.group?.instances.some(({id}) => id === old.instanceId) ?? false
    const isTerminated =
      seen?.group !== undefined && !inGroup && (instance === undefined || instance.state === 'terminated')
    const reason = view.aws.ok
      ? `${old.instanceId} is ${instance?.state ?? 'still in its group'}`
      : view.aws.problem.detail
    const predicates = [
      predicate('I9', 'the old instance is terminated', isTerminated ? [] : [reason]),
      goneFromRoutes(old, routesTo(view, old)),
    ]
    return broken(predicates).length === 0 ? {done: true, value: undefined} : {done: false, waitingFor: predicates}
  })
}

/** The new instance's id, once its group has it in service. */
async function awaitLaunch(machine: RollMachine, old: NodeIdentity, siblings: Siblings): Promise<string> {
  await machine.enter('LAUNCH', old.node)
  const wait: Wait = {
    state: 'LAUNCH',
    node: old.node,
    limitMs: machine.deps.limits.launch,
    goal: `${old.asg} has a new instance in service`,
  }
  return machine.wait(wait, (view) => {
    siblings(wait, view)
    const seen = view.aws.ok ? view.aws.value.find(({node}) => node === old.node) : undefined
    const fresh = seen?.group?.instances.filter(({id}) => id !== old.instanceId) ?? []
    const [ready] = fresh.filter(({lifecycle}) => lifecycle === 'InService')
    if (ready && fresh.length === 1) return {done: true, value: ready.id}
    const reasons = fresh.map(({id, lifecycle}) =>
      lifecycle === 'Pending:Wait'
        ? `${id} waits in Pending:Wait for a launch lifecycle hook of ${old.asg}`
        : `${id} is ${lifecycle}`,
    )
    const [activity] = seen?.activities ?? []
    if (activity)
      reasons.push(
        `last activity: ${activity.description} (${activity.status}${activity.statusMessage ? `: ${activity.statusMessage}` : ''})`,
      )
    if (!view.aws.ok) reasons.push(view.aws.problem.detail)
    return {
      done: false,
      waitingFor: [
        predicate('I7', 'a new instance is in service', reasons.length > 0 ? reasons : ['no new instance yet']),
      ],
    }
  })
}

async function awaitJoin(
  machine: RollMachine,
  old: NodeIdentity,
  instanceId: string,
  siblings: Siblings,
): Promise<NodeIdentity> {
  const {deps} = machine
  const {node} = old
  await machine.enter('JOIN', node)
  const wait: Wait = {state: 'JOIN', node, limitMs: deps.limits.join, goal: `${node} is back as a new server`}
  const identity = await machine.wait(wait, (view): Judgement<NodeIdentity> => {
    siblings(wait, view)
    const seen = nodeOf(view, node)
    const aws = view.aws.ok ? view.aws.value.find((entry) => entry.node === node) : undefined
    const privateIp = aws?.instances.find(({id}) => id === instanceId)?.privateIp
    const reasons: string[] = []
    if (seen === undefined || !seen.server.ok)
      reasons.push(seen?.server.ok === false ? seen.server.problem.detail : `${node} is not known`)
    const server = seen?.server.ok ? seen.server.value : undefined
    if (server) {
      if (server.name !== node)
        reasons.push(`the server at ${seen?.target.host} is named ${server.name}: its configuration is not ${node}'s`)
      if (server.id === old.serverId) reasons.push(`the old server ${server.id} still answers`)
      if (old.serverStartedAt !== undefined && server.startedAt <= old.serverStartedAt)
        reasons.push('the server that answers is older than the one replaced')
      if (old.version !== undefined && compareVersions(server.version, old.version) < 0) {
        throw machine.hold(
          {...wait, goal: `the replacement runs ${server.version}, older than ${old.version}`},
          view,
          [],
          Exit.heldDegraded,
        )
      }
    }
    const addresses = view.addresses.get(node) ?? []
    if (privateIp !== undefined && !addresses.includes(privateIp)) {
      reasons.push(
        `${seen?.target.host ?? node} resolves to ${addresses.join(', ') || 'nothing'}, the new instance has ${privateIp}`,
      )
    }
    const ghosts = strangers(
      view,
      deps.nodes.map(({name}) => name),
    )
    reasons.push(...(reasons.length > 0 ? ghosts : []))
    if (reasons.length > 0 || server === undefined)
      return {done: false, waitingFor: [predicate('I1', 'the node is back under its name', reasons)]}
    return {
      done: true,
      value: {
        node,
        asg: old.asg,
        instanceId,
        privateIp,
        serverId: server.id,
        serverStartedAt: server.startedAt,
        version: server.version,
      },
    }
  })
  await machine.record({type: 'joined', at: deps.clock.now(), identity}, {durable: true})
  return identity
}

/** The runbook's first two checks: the instance's own word that its logs arrive, and that they do. */
async function awaitBootstrap(
  machine: RollMachine,
  {node, instanceId}: NodeIdentity,
  siblings: Siblings,
): Promise<void> {
  const {deps} = machine
  await machine.enter('BOOTSTRAP', node)
  if (!machine.document.request.checksBootstrap) {
    await machine.record({
      type: 'skipped',
      at: deps.clock.now(),
      node,
      what: 'BOOTSTRAP',
      why: '--skip-bootstrap-check',
    })
    return
  }
  const wait: Wait = {
    state: 'BOOTSTRAP',
    node,
    limitMs: deps.limits.bootstrap,
    goal: 'the new instance reports that its logs arrive',
  }
  await machine.wait(wait, async (view) => {
    siblings(wait, view)
    const said = await deps.world.bootstrapSays(node, instanceId)
    if (said.ok && said.value) return {done: true, value: undefined}
    const reason = said.ok ? `the bootstrap log of ${instanceId} does not say so yet` : said.problem.detail
    return {done: false, waitingFor: [predicate('I3', 'the bootstrap log is complete', [reason])]}
  })
  const first = await deps.world.freshEvents(node, instanceId)
  if ('skipped' in first) {
    await machine.record({
      type: 'skipped',
      at: deps.clock.now(),
      node,
      what: 'fresh events in the log service',
      why: first.skipped,
    })
    return
  }
  const events: Wait = {...wait, goal: 'fresh events of the node reach the log service'}
  await machine.wait(events, async (view) => {
    siblings(events, view)
    const fresh = await deps.world.freshEvents(node, instanceId)
    if ('skipped' in fresh || (fresh.ok && fresh.value)) return {done: true, value: undefined}
    return {
      done: false,
      waitingFor: [predicate('I3', 'fresh events arrive', [fresh.ok ? `none of ${node} yet` : fresh.problem.detail])],
    }
  })
}

/** Servers that the routes name and nobody expects: a replacement that came up under another name. */
function strangers(view: RollView, expected: readonly string[]): readonly string[] {
  const names = new Set(
    view.later.nodes.flatMap(({routes}) => (routes.ok ? routes.value.flatMap(({remoteName}) => remoteName ?? []) : [])),
  )
  return [...names]
    .filter((name) => !expected.includes(name))
    .map(
      (name) =>
        `a server named ${name} joined that nobody expects: check the user data, never remove its peer by hand before that`,
    )
}
