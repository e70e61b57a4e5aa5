import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {join} from 'node:path'
import {isDeepStrictEqual} from 'node:util'
import type {ClusterContext} from '../../src/lib/context.ts'
import {known} from '../../src/lib/domain/answer.ts'
import type {ClusterObservation} from '../../src/lib/domain/observation.ts'
import {configuredNodes} from '../../src/lib/domain/settings.ts'
import {quoteForShell} from '../../src/lib/domain/shell.ts'
import {observeCluster} from '../../src/lib/ops/observe.ts'
import {watchTop} from '../../src/lib/ops/top.ts'
import {eventually} from '../support/eventually.ts'
import {startLab, type TestLab} from '../support/lab.ts'
import {openPty, type Pty} from '../support/pty.ts'

const natsops = join(import.meta.dirname, '../support/natsops.ts')

describe('natsops top on a real cluster', () => {
  let lab: TestLab
  const opened: Pty[] = []

  before(async () => {
    lab = await startLab()
  })
  afterEach(() => {
    for (const pty of opened.splice(0)) pty.kill()
  })
  after(() => lab?.stop())

  /** CI is set, as it may be in a container of somebody's: there is a terminal all the same. */
  function top(): Pty {
    const own = [process.execPath, natsops, 'top', '--cluster', 'lab', '--no-aws', '--interval', '500ms']
    const pty = openPty(own, {columns: 80, rows: 24, variables: {...lab.variables, CI: 'true'}})
    opened.push(pty)
    return pty
  }

  const shows = (pty: Pty, what: RegExp): Promise<readonly string[]> =>
    eventually(`the screen shows ${what}`, () => {
      const lines = pty.lines()
      return what.test(lines.join('\n')) ? lines : undefined
    })

  /** Title, table and keys where they belong, each once. */
  const fits = (pty: Pty, rows: number): Promise<boolean> =>
    eventually(`the screen fits ${rows} rows`, () => {
      const lines = pty.lines()
      const at = (start: RegExp): string => lines.flatMap((line, row) => (start.test(line) ? [row] : [])).join()
      return (
        [at(/^natsops top/), at(/^NODE +STATE/), at(/^lab-node-3/), at(/^q quit/)].join(' ') === `0 4 7 ${rows - 1}`
      )
    })

  async function assertGivenBack(pty: Pty, status: number): Promise<void> {
    assert.deepEqual(await pty.ended, {status, restored: true})
    assert.deepEqual([pty.isAlternate(), pty.isCursorVisible()], [false, true])
    assert.equal(pty.lines().join('').trim(), '')
  }

  it('shows nodes, streams, consumers and connections, and gives the terminal back after q', async () => {
    const pty = top()
    const nodes = await shows(pty, /lab-node-3 .* [\d.]+\/s /)
    assert.match(nodes[0] ?? '', /^natsops top {2}lab {2}3 nodes {2}leader lab-node-\d {2}every 500ms/)
    assert.deepEqual([pty.isAlternate(), pty.isCursorVisible()], [true, false])
    pty.press('2')
    await shows(pty, /\[2 streams 1\][\s\S]*pivot_main .* ok/)
    pty.press('3')
    await shows(pty, /\[3 consumers 2\][\s\S]*messenger +pivot_main/)
    pty.press('4')
    await shows(pty, /\[4 connections \d+\]/)
    pty.press('/zzz\r')
    await shows(pty, /no connections with zzz in a name[\s\S]*filter: zzz/)
    pty.press('q')
    await assertGivenBack(pty, 0)
  })

  it('shows a node that is down, and its return as a restart', async () => {
    const pty = top()
    await shows(pty, /lab-node-3 +\*? *ok/)
    await lab.act('stop', 'lab-node-3')
    await shows(pty, /3 nodes, 1 DOWN[\s\S]*lab-node-3 down: connection refused[\s\S]*lab-node-3 +\*? *DOWN/)
    await lab.act('start', 'lab-node-3')
    await shows(pty, /natsops top {2}lab {2}3 nodes {2}leader[\s\S]*lab-node-3 +\*? *ok/)
    pty.press('q')
    await assertGivenBack(pty, 0)
  })

  it('fills a window of another size, and says of one that is too small what it needs', async () => {
    const pty = top()
    await shows(pty, /lab-node-3/)
    pty.resize(120, 30)
    await fits(pty, 30)
    pty.resize(62, 11)
    await fits(pty, 11)
    pty.resize(40, 6)
    await shows(pty, /^the window is 40x6: top needs 60x10\nq quits/)
    pty.resize(80, 24)
    await fits(pty, 24)
    pty.press('q')
    await assertGivenBack(pty, 0)
  })

  it('gives the terminal back after Ctrl-C and after SIGTERM, with 130', async () => {
    const [first, second] = [top(), top()]
    await Promise.all([shows(first, /lab-node-3/), shows(second, /lab-node-3/)])
    first.press('\u0003')
    second.signal('SIGTERM')
    await assertGivenBack(first, 130)
    await assertGivenBack(second, 130)
  })

  it('ends when the window is closed', async () => {
    const pty = top()
    await shows(pty, /lab-node-3/)
    pty.hangUp()
    const {status} = await pty.ended
    assert.equal(status, 130)
  })

  it('stops at Ctrl-Z, gives the terminal back, and draws again after fg', async () => {
    // A shell with job control; its words are told from the echo of what is typed by what it makes of them.
    const pty = openPty(['bash', '--norc', '--noprofile', '-i'], {columns: 80, rows: 24, variables: lab.variables})
    opened.push(pty)
    const own = [process.execPath, natsops, 'top', '-c', 'lab', '--no-aws', '--interval', '500ms']
    pty.press(`PS1=; clear; ${quoteForShell(own)}\n`)
    await shows(pty, /lab-node-3/)
    pty.press('\u001a')
    await shows(pty, /Stopped/)
    assert.deepEqual([pty.isAlternate(), pty.isCursorVisible()], [false, true])
    pty.press('fg; echo "ended with $?"\n')
    await eventually('the screen is back', () => pty.isAlternate())
    pty.press('2')
    await shows(pty, /\[2 streams 1\][\s\S]*pivot_main/)
    pty.press('q')
    await shows(pty, /^ended with 0/m)
    pty.press('exit\n')
    assert.equal((await pty.ended).status, 0)
  })

  it('goes on after Ctrl-Z where nobody could wake it again', async () => {
    const pty = top()
    await shows(pty, /lab-node-3/)
    pty.press('\u001a')
    pty.press('2')
    await shows(pty, /\[2 streams 1\]/)
    pty.press('q')
    // A key that is pressed while the terminal is given back is echoed by it: the window need not be empty.
    assert.deepEqual(await pty.ended, {status: 0, restored: true})
  })

  it('asks through the system account where no monitoring port answers, and shows the same', async () => {
    const ctx = await lab.cluster()
    const nodes = configuredNodes(ctx.settings)
    await eventually('the node that was stopped has everything again', async () => {
      const {nodes: seen} = await observeCluster(ctx, nodes)
      const held = seen.map(({health, jetStream}) => {
        const streams = known(jetStream)?.streams.map(({stream, consumers}) => [stream, consumers.length])
        return known(health)?.httpStatus === 200 && streams
      })
      return held.every((each) => each !== false && isDeepStrictEqual(each, held[0]))
    })
    const shut: ClusterContext = {
      ...ctx,
      settings: {...ctx.settings, nodes: nodes.map((node) => ({...node, monitorPort: 1}))},
    }
    const wants = () => ({connections: true, paused: false})
    const looks = watchTop(shut, {intervalMs: 500, askAws: true, wants, signal: ctx.signal})
    const look = await eventually('a look through the system account', async () => {
      const {value} = await looks.next()
      return value?.observation.nodes.every(({server}) => server.ok) && value
    })
    assert.match(look.warnings.join(), /^no monitoring port answers: asked through the system account, by lab-node-\d$/)
    assert.deepEqual(look.connections?.cannotSee, [])
    const facts = ({nodes: seen}: ClusterObservation) =>
      seen.map(({target, server, health, jetStream, routes, raft}) => ({
        name: target.name,
        server: known(server)?.id,
        health: known(health)?.httpStatus,
        assets: known(jetStream)?.streams.map(({stream, consumers}) => [stream, consumers.length]),
        routes: known(routes)
          ?.map(({remoteName}) => remoteName)
          .sort(),
        raft: known(raft)
          ?.map(({group}) => group)
          .sort(),
      }))
    assert.deepEqual(facts(look.observation), facts(await observeCluster(ctx, nodes)))
    assert.equal(facts(look.observation)[0]?.health, 200)
    await looks.return(undefined)
  })

  it('says that there is no terminal, and what is for a pipe', () => {
    const {status, stdout, stderr} = spawnSync(process.execPath, [natsops, 'top', '--cluster', 'lab'], {
      env: lab.variables,
      encoding: 'utf8',
    })
    const says =
      'error: top needs a terminal, and this is none\n  try: natsops report jetstream --cluster lab --watch\n'
    assert.deepEqual([status, stdout, stderr], [2, '', says])
  })
})
