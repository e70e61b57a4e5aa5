import assert from 'node:assert/strict'
import {UsageError} from '../../../src/lib/errors.ts'
import {assertRefused, openHome, userFile} from '../../support/home.ts'

describe('what a configuration file may say', () => {
  for (const [name, content, message] of [
    [
      'a list at the top',
      '- a\n- b\n',
      ':1: the file is a list, expected a mapping with defaultCluster, defaults or clusters',
    ],
    [
      'a text at the top',
      'hello',
      ':1: the file is "hello", expected a mapping with defaultCluster, defaults or clusters',
    ],
    ['an unknown section', 'cluster: {}\n', ':1: cluster is unknown, did you mean clusters'],
    [
      'an unknown key',
      'clusters:\n  nats-prod:\n    nodes: 3\n    regin: eu-west-1\n',
      ':4: clusters.nats-prod.regin is unknown, did you mean region',
    ],
    [
      'an unknown key nothing like a known one',
      'defaults: {tls: {password: hunter2}}',
      ':1: defaults.tls.password is unknown: known are ca, cert, key',
    ],
    [
      'an unknown key of a node',
      'clusters:\n  ports:\n    nodes:\n    - name: a\n      host: b\n      port: 1\n',
      ':6: clusters.ports.nodes.0.port is unknown: known are name, host, clientPort, monitorPort, asg, instanceName',
    ],
    [
      'an unknown threshold',
      'defaults:\n  thresholds:\n    cpuPercnt: 3\n',
      ':3: defaults.thresholds.cpuPercnt is unknown, did you mean cpuPercent',
    ],
    [
      'a region of another shape',
      'clusters:\n  c:\n    region: Ohio\n',
      ':3: clusters.c.region is "Ohio", expected an AWS region such as us-east-2',
    ],
    ['no nodes', 'clusters: {c: {nodes: 0}}', ':1: clusters.c.nodes is 0, expected a whole number from 1 to 99'],
    [
      'half a node',
      'clusters: {c: {nodes: 2.5}}',
      ':1: clusters.c.nodes is 2.5, expected a count from 1 to 99 or a list of nodes, each with name and host',
    ],
    [
      'an empty list of nodes',
      'clusters: {c: {nodes: []}}',
      ':1: clusters.c.nodes is [], expected a count from 1 to 99 or a list of nodes, each with name and host',
    ],
    [
      'nodes as text',
      'clusters: {c: {nodes: three}}',
      ':1: clusters.c.nodes is "three", expected a count from 1 to 99 or a list of nodes, each with name and host',
    ],
    [
      'a node without host',
      'clusters: {c: {nodes: [{name: a}]}}',
      ':1: clusters.c.nodes.0.host is missing, expected a host name or an IP address, without scheme and port',
    ],
    [
      'a host with a port',
      'clusters: {c: {nodes: [{name: a, host: "h:4222"}]}}',
      ':1: clusters.c.nodes.0.host is "h:4222", expected a host name or an IP address, without scheme and port',
    ],
    [
      'two nodes of one name',
      'clusters: {c: {nodes: [{name: a, host: b}, {name: a, host: c}]}}',
      ':1: clusters.c.nodes is [{"name":"a","host":"b"},{"name":"a","host":"c"}], expected nodes of different names',
    ],
    [
      'a port too high',
      'defaults: {ports: {monitor: 65536}}',
      ':1: defaults.ports.monitor is 65536, expected a whole number from 1 to 65535',
    ],
    [
      'a port as text',
      'defaults: {ports: {monitor: "8222"}}',
      ':1: defaults.ports.monitor is "8222", expected a whole number from 1 to 65535',
    ],
    [
      'a relative prefix',
      'defaults: {ssmPrefix: nats/c}',
      ':1: defaults.ssmPrefix is "nats/c", expected a path such as /nats-cluster/{cluster}, of letters, digits and _.-',
    ],
    [
      'a scheme nobody speaks',
      'defaults: {monitorScheme: ftp}',
      ':1: defaults.monitorScheme is "ftp", expected http or https',
    ],
    [
      'a pattern that gives all nodes one name',
      'defaults: {patterns: {node: nats}}',
      ':1: defaults.patterns.node is "nats", expected a name with {n}, of letters, digits, _.- and {cluster} {n}',
    ],
    [
      'a pattern with an unknown part',
      'defaults: {patterns: {host: "{node}.{zone}"}}',
      ':1: defaults.patterns.host is "{node}.{zone}", expected a name with {n} or {node}, of letters, digits, _.- and {cluster} {n} {node}',
    ],
    [
      'a settle that is no duration',
      'defaults: {settle: soon}',
      ':1: defaults.settle is "soon", expected a duration from 1s to 24h such as 120s or 2m, or whole seconds',
    ],
    [
      'no settle at all',
      'defaults: {settle: 0}',
      ':1: defaults.settle is 0, expected a duration from 1s to 24h such as 120s or 2m, or whole seconds',
    ],
    [
      'a percentage above 100',
      'defaults: {thresholds: {cpuPercent: 101}}',
      ':1: defaults.thresholds.cpuPercent is 101, expected a number from 0 to 100',
    ],
    [
      'a negative threshold',
      'defaults: {thresholds: {connections: -1}}',
      ':1: defaults.thresholds.connections is -1, expected a number from 0',
    ],
    [
      'an endpoint with a password',
      'defaults: {endpoints: {ssm: "http://u:secret@h"}}',
      ':1: defaults.endpoints.ssm is "http://***@h", expected an http or https URL without user name',
    ],
    [
      'a value where keys belong',
      'defaults: {ports: 4222}',
      ':1: defaults.ports is 4222, expected a mapping of keys to values',
    ],
    ['a cluster that is a text', 'clusters: {c: x}', ':1: clusters.c is "x", expected a mapping of keys to values'],
    [
      'a name no cluster can have',
      'clusters: {"../x": {}}',
      /: clusters\.\.\.\/x is \{\}, expected a name of a cluster: letters/,
    ],
    ['a duplicate key', 'clusters:\n  c: {nodes: 3}\n  c: {nodes: 5}\n', ':3: map keys must be unique'],
    ['a tab as indentation', 'clusters:\n\tc:\n', ':2: tabs are not allowed as indentation'],
    ['two documents', 'clusters:\n---\nclusters:\n', /^:2: source contains multiple documents/],
    ['a tag', 'defaults: {region: !secret x}', ':1: unresolved tag: !secret'],
    [
      'a structure that contains itself',
      'clusters: &a {x: *a}',
      ':1: clusters.x.x is unknown: known are region, profile, credentialsFile, ssmPrefix, nodes, patterns, ports, monitorScheme, tls, thresholds, logs, settle, endpoints',
    ],
    ['an anchor bomb', anchorBomb(), ': excessive alias count indicates a resource exhaustion attack'],
    ['a very deep structure', '['.repeat(5000), /^:\d+: /],
  ] as const) {
    it(`refuses ${name}`, async () => {
      using home = openHome({'work/natsops.yaml': content})
      const path = `${home.home}/work/natsops.yaml`
      await assert.rejects(home.configuration.cluster({cluster: 'x-1'}), (error) => {
        assert.ok(error instanceof UsageError, String((error as Error).stack))
        assert.ok(error.message.startsWith(path), error.message)
        const rest = error.message.slice(path.length)
        if (typeof message === 'string') assert.equal(rest, message)
        else assert.match(rest, message)
        return true
      })
    })
  }

  it('tells all that is wrong with a file at once, a line each', async () => {
    using home = openHome({[userFile]: 'clusters:\n  c:\n    nodes: 100\n    prots: 1\ndefaultCluster: "a b"\n'})
    const path = `${home.home}/${userFile}`
    await assertRefused(
      home.configuration.clusters(),
      [
        `${path}:5: defaultCluster is "a b", expected a name of a cluster: letters, digits, - and _, at most 63, starting with a letter or digit`,
        `${path}:3: clusters.c.nodes is 100, expected a whole number from 1 to 99`,
        `${path}:4: clusters.c.prots is unknown, did you mean ports`,
      ].join('\n'),
    )
  })
})

function anchorBomb(): string {
  const letters = [...'abcdefghi']
  const lines = letters.map((letter, index) => {
    const before = letters[index - 1]
    return `${letter}: &${letter} [${Array(10)
      .fill(before ? `*${before}` : 1)
      .join(', ')}]`
  })
  return lines.join('\n')
}
