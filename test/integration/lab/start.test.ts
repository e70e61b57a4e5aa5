import assert from 'node:assert/strict'
import {InterruptedError, OpsError} from '../../../src/lib/errors.ts'
import {findLabProcesses} from '../../../src/lib/lab/leftovers.ts'
import {upLab} from '../../../src/lib/ops/lab.ts'
import {LabLife} from '../../support/lab-life.ts'
import {killAndWait, untilGone} from '../../support/processes.ts'

/** The line of a shell script that is a nats-server as far as its version goes. */
const saysVersion = `[ "$1" = --version ] && echo 'nats-server: v2.15.9' && exit`

describe('the start of a lab that does not go well', () => {
  let life: LabLife

  beforeEach(async () => {
    life = await LabLife.open()
  })
  afterEach(() => life.close())

  const moments = ['before', 'starting', 'waiting', 'making']
  for (const moment of moments) {
    it(`leaves nothing when it is interrupted (${moment})`, async () => {
      const interruption = new AbortController()
      const context = {...life.home.context, signal: interruption.signal}
      const strike = (text: string) => {
        // Servers that are ready at the first look are not waited for: then it is the next moment.
        const due = moments.slice(moments.indexOf(moment))
        if (due.some((each) => text.startsWith(each))) interruption.abort(new InterruptedError('SIGINT'))
      }
      strike('before anything')
      await assert.rejects(upLab(context, life.request({nodes: 3}), strike), {code: 'INTERRUPTED', exit: 130})
      assert.deepEqual(await life.remains(), [])
    })
  }

  it('leaves nothing when it is interrupted while its stream is made', async () => {
    const interruption = new AbortController()
    const connect = async () => {
      interruption.abort(new InterruptedError('SIGTERM'))
      return new Promise<never>(() => {})
    }
    const context = {...life.home.context, signal: interruption.signal, connect}
    await assert.rejects(
      upLab(context, life.request(), () => {}),
      {code: 'INTERRUPTED'},
    )
    assert.deepEqual(await life.remains(), [])
  })

  it('leaves nothing when up itself is killed', async () => {
    const {child, supervisor} = await life.slowUp()
    assert.equal((await life.status()).state, 'starting')
    await assert.rejects(life.up(), {code: 'LAB_EXISTS', exit: 3, message: /already there: it is still being started/})
    child.kill('SIGKILL')
    await untilGone([supervisor])
    assert.deepEqual(await life.remains(), [])
  })

  it('recognises what is left when up and its supervisor are killed, and down removes it', async () => {
    const {child, supervisor} = await life.slowUp()
    process.kill(supervisor, 'SIGSTOP')
    child.kill('SIGKILL')
    await killAndWait(supervisor)
    const {servers} = await findLabProcesses(life.files)
    assert.equal(servers.length, 3)
    await assert.rejects(life.up(), {code: 'LAB_EXISTS', exit: 3, message: /already there: its supervisor is gone/})
    await life.down()
    await untilGone(servers.map(({pid}) => pid))
    assert.deepEqual(await life.remains(), [])
  })

  it('says why a server does not start, and leaves nothing', async () => {
    const serverPath = await life.writeServer([saysVersion, `echo 'disk on fire' >&2`, 'exit 3'])
    await assert.rejects(life.up({serverPath}), {
      code: 'LAB_SERVER_ENDED',
      exit: 3,
      message: 'nats-server of lab-node-1 exited with status 3: disk on fire',
    })
    assert.deepEqual(await life.remains(), [])
  })

  it('starts over on other ports where one was taken between the choice and the start', async () => {
    // Every server of the first lab fails, however often it is started: only another lab has another configuration.
    const serverPath = await life.writeServer([
      `taken='${life.home.folder}/taken'`,
      `[ "$1" = --version ] || [ -e "$taken" ] || echo "$2" >"$taken"`,
      `[ "$1" != --version ] && [ "$(cat "$taken")" = "$2" ] && echo 'bind: address already in use' >&2 && exit 1`,
      `exec '${life.server.path}' "$@"`,
    ])
    const said: string[] = []
    const {nodes} = await upLab(life.home.context, life.request({serverPath}), (text) => said.push(text))
    assert.equal(nodes.length, 1)
    assert.equal(said.filter((text) => text === 'a port was taken meanwhile: once more, on others').length, 1)
  })

  it('gives up at the time limit, naming what is missing, and leaves nothing', async () => {
    const serverPath = await life.writeServer([saysVersion, 'exec sleep 600'])
    await assert.rejects(life.up({serverPath, timeoutMs: 300}), {
      code: 'LAB_NOT_READY',
      exit: 7,
      message: 'the lab was not ready in time: lab-node-1 is not healthy yet',
    })
    assert.deepEqual(await life.remains(), [])
  })

  it('begins again from nothing when the servers do not become a cluster at once', async () => {
    const pids: (number | undefined)[][] = []
    const connect: typeof life.home.context.connect = async (...parameters) => {
      pids.push((await life.status()).nodes.map(({pid}) => pid))
      if (pids.length > 1) return life.home.context.connect(...parameters)
      throw new OpsError('the servers do not work together', {code: 'REQUEST_TIMEOUT', exit: 7})
    }
    const seen: string[] = []
    const {nodes} = await upLab({...life.home.context, connect}, life.request({nodes: 3}), (text) => seen.push(text))
    assert.ok(seen.includes('the servers did not become a cluster: once more, from nothing'))
    // Twice, and oftener where the second time it is the servers' own fault.
    assert.ok(pids.length >= 2)
    assert.equal(new Set(pids.flat()).size, pids.length * 3)
    assert.deepEqual(
      nodes.map(({pid}) => pid),
      pids.at(-1),
    )
  })

  it('does not begin again for what is nobody’s bad luck', async () => {
    const connect = async () => {
      throw new OpsError('no', {code: 'NATS_AUTHORIZATION', exit: 10})
    }
    const seen: string[] = []
    const failed = upLab({...life.home.context, connect}, life.request(), (text) => seen.push(text))
    await assert.rejects(failed, {code: 'NATS_AUTHORIZATION'})
    assert.ok(!seen.some((text) => text.includes('once more')))
    assert.deepEqual(await life.remains(), [])
  })
})
