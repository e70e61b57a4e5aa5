import assert from 'node:assert/strict'
import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import History from '../../../src/commands/roll/history.ts'
import Show from '../../../src/commands/roll/show.ts'
import {formatEvent} from '../../../src/lib/domain/roll/events.ts'
import {Exit} from '../../../src/lib/errors.ts'
import {HOSTILE, heldRoll, wholeRoll} from '../../support/roll-events.ts'
import {RollScene} from '../../support/roll-scene.ts'
import {runCommand} from '../../support/run.ts'

describe('roll history and roll show', () => {
  let scene: RollScene
  beforeEach(() => {
    scene = new RollScene()
  })
  afterEach(() => scene.end())
  const show = (...argv: string[]) => runCommand(Show, argv, scene.wiring())
  const write = (id: string, events: readonly Parameters<typeof formatEvent>[0][]): void => {
    const folder = join(scene.home, '.local/state/natsops/rolls/c')
    mkdirSync(folder, {recursive: true, mode: 0o700})
    writeFileSync(join(folder, `${id}.jsonl`), events.map(formatEvent).join(''))
  }

  it('has no history where none was driven from here', async () => {
    const {stdout, stderr, exitCode} = await runCommand(History, [], scene.wiring())
    assert.deepEqual([stdout, stderr, exitCode], ['', 'no roll of c was driven from this machine\n', 0])
    assert.deepEqual(JSON.parse((await runCommand(History, ['--json'], scene.wiring())).stdout).rolls, [])
  })

  it('lists the newest first, with what became of each', async () => {
    write('20260101-000000-aaaaaa', wholeRoll())
    write('20260103-000000-cccccc', heldRoll())
    write('20260102-000000-bbbbbb', wholeRoll().slice(0, 9))
    const {stdout} = await runCommand(History, [], scene.wiring())
    assert.deepEqual(stdout.split('\n'), [
      '20260103-000000-cccccc\t2026-01-02T03:04:05Z\t1028\theld (exit 5)\t0 of 1 node',
      '20260102-000000-bbbbbb\t2026-01-02T03:04:05Z\t-\tunfinished\t0 of 3 nodes',
      '20260101-000000-aaaaaa\t2026-01-02T03:04:05Z\t629\tdone\t3 of 3 nodes: nats-prod-node-2, nats-prod-node-3, nats-prod-node-1',
      '',
    ])
  })

  it('finds a roll by its id, the beginning of one, or last', async () => {
    write('20260101-000000-aaaaaa', wholeRoll())
    write('20260101-000001-bbbbbb', heldRoll())
    for (const id of ['20260101-000001-bbbbbb', '20260101-000001', 'last']) {
      assert.match((await show(id)).stdout, /^roll\t20260101-000001-bbbbbb\t/)
    }
    const ambiguous = await show('20260101')
    assert.equal(ambiguous.exitCode, Exit.usage)
    assert.match(ambiguous.stderr, /begins the ids of 2 rolls: 20260101-000001-bbbbbb, 20260101-000000-aaaaaa/)
    for (const id of ['2027', '../../x']) assert.equal((await show(id)).exitCode, Exit.notFound)
    scene[Symbol.dispose]()
    assert.equal((await show('last')).exitCode, Exit.notFound)
  })

  it('writes the page in place of what was there, and never through a symlink', async () => {
    write('20260101-000000-aaaaaa', heldRoll(HOSTILE))
    const [path, target] = [join(scene.home, 'roll.html'), join(scene.home, 'target')]
    writeFileSync(target, 'mine')
    symlinkSync(target, path)
    const {stdout, exitCode} = await show('last', '--html', path)
    assert.deepEqual([stdout, exitCode], [`${path}\n`, 0])
    assert.match(readFileSync(path, 'utf8'), /^<!doctype html>\n/)
    assert.equal(readFileSync(target, 'utf8'), 'mine')
    assert.equal((await show('last', '--html', join(scene.home, 'no', 'x.html'))).exitCode, Exit.usage)
  })
})
