import assert from 'node:assert/strict'
import {nameCluster} from '../../../src/lib/domain/named-cluster.ts'

const commands = ['creds fetch', 'exec', 'health', 'node run', 'roll', 'roll status', 'stream list']

describe('commands to paste', () => {
  const named = (text: string, cluster = 'c') => nameCluster(text, cluster, (words) => commands.includes(words))

  for (const [text, expected] of [
    ['natsops creds fetch', 'natsops creds fetch --cluster c'],
    ['natsops roll status 20260105', 'natsops roll status --cluster c 20260105'],
    ['natsops roll', 'natsops roll --cluster c'],
    ['natsops health; else: natsops health -w', 'natsops health --cluster c; else: natsops health --cluster c -w'],
    ['natsops exec -- nats --cluster x stream ls', 'natsops exec --cluster c -- nats --cluster x stream ls'],
    ['natsops exec --system -- nats server report', 'natsops exec --cluster c --system -- nats server report'],
    ['natsops node run 1 -- sh -c date', 'natsops node run --cluster c 1 -- sh -c date'],
    ['only when natsops health is ok', 'only when natsops health --cluster c is ok'],
  ] as const) {
    it(`name the cluster: ${text}`, () => {
      assert.equal(named(text), expected)
    })
  }

  for (const text of [
    'natsops health --watch --cluster other',
    'natsops creds fetch -c other && natsops health --cluster=other',
    'natsops creds fetch --help',
    "natsops node run 'n; && x' --cluster other",
    'natsops lab down a',
    'natsops creds clean',
    'check --cluster and the VPN',
    "nats stream info -- 'a'\\'' natsops health $(reboot)'",
    'set the clock of natsops-node-1',
  ]) {
    it(`stay as they are: ${text}`, () => assert.equal(named(text), text))
  }

  it('name it so that a shell takes it for one word', () => {
    assert.equal(named('natsops health', 'my $(cluster)'), "natsops health --cluster 'my $(cluster)'")
    assert.equal(named('natsops health', '$&'), "natsops health --cluster '$&'")
  })
})
