import assert from 'node:assert/strict'
import {Args, Flags} from '@oclif/core'
import {NatsopsCommand} from '../../src/lib/command.ts'
import {runCommand} from '../support/run.ts'

class Probe extends NatsopsCommand<object> {
  static override args = {node: Args.string({required: true, description: 'name of a node'})}
  static override flags = {
    region: Flags.string(),
    count: Flags.integer({min: 1}),
    format: Flags.string({options: ['table', 'json']}),
    one: Flags.boolean({exclusive: ['two']}),
    two: Flags.boolean(),
    must: Flags.string({required: true}),
  }

  async run(): Promise<object> {
    await this.parse(Probe)
    return {}
  }
}
Probe.id = 'probe:it'

describe('what the parser refuses', () => {
  for (const [argv, message] of [
    [['n', '--must=1', '--regoin', 'x'], 'unknown flag --regoin, did you mean --region?'],
    [['n', '--must=1', '--no-colour'], 'unknown flag --no-colour, did you mean --no-color?'],
    [['n', '--must=1', '--jsno'], 'unknown flag --jsno, did you mean --json?'],
    [['n', '--must=1', '--xyzzyx', '--plugh=5'], 'unknown flags --xyzzyx --plugh'],
    [['n', '--must=1', '-z'], 'unknown flag -z'],
    [['n', '--must=1', 'm'], 'unexpected argument: m'],
    [['--must=1'], 'missing argument NODE'],
    [['n'], 'missing required flag --must'],
    [['n', '--must'], 'flag --must expects a value'],
    [['n', '--must=1', '--count=x'], '--count: expected an integer but received: x'],
    [['n', '--must=1', '--count=0'], '--count: expected an integer greater than or equal to 1 but received: 0'],
    [['n', '--must=1', '--format=xml'], 'expected --format=xml to be one of: table, json'],
    [['n', '--must=1', '--one', '--two'], '--two cannot be given together with --one'],
  ] as const) {
    it(`${argv.join(' ')}: ${message}`, async () => {
      const {stdout, stderr, exitCode} = await runCommand(Probe, argv)
      assert.deepEqual(
        {stdout, stderr, exitCode},
        {
          stdout: '',
          stderr: `error: ${message}\n  try: natsops probe it --help\n`,
          exitCode: 2,
        },
      )
    })

    it(`${argv.join(' ')} --json: the same in four fields`, async () => {
      const {stdout, stderr, exitCode} = await runCommand(Probe, ['--json', ...argv])
      assert.deepEqual(JSON.parse(stdout), {
        error: {code: 'USAGE', message, exit: 2, suggestions: ['natsops probe it --help']},
      })
      assert.deepEqual({stderr, exitCode}, {stderr: '', exitCode: 2})
    })
  }
})
