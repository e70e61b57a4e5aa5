import assert from 'node:assert/strict'
import {natsCommand} from '../../../src/lib/domain/nats-command.ts'

describe('a command of the nats CLI to paste', () => {
  it('takes no name of somebody else for a flag, a file of arguments or code', () => {
    assert.deepEqual(
      [
        natsCommand(['consumer', 'report'], 'orders'),
        natsCommand(['consumer', 'report'], '--server=[2001:db8::1]:4222'),
        natsCommand(['stream', 'edit', '--replicas', '3'], '@/etc/passwd'),
        natsCommand(['server', 'cluster', 'peer-remove'], '-x;$(reboot)', {system: true}),
      ],
      [
        'natsops exec -- nats consumer report -- orders',
        "natsops exec -- nats consumer report -- '--server=[2001:db8::1]:4222'",
        'natsops exec -- nats stream edit --replicas 3 -- @/etc/passwd',
        "natsops exec --system -- nats server cluster peer-remove -- '-x;$(reboot)'",
      ],
    )
  })
})
