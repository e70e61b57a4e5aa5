import assert from 'node:assert/strict'
import {MonitorScene, recorded, recording} from '../../../support/monitor-scene.ts'

describe('monitor', () => {
  const scene = new MonitorScene()
  const {serve, open, problem} = scene

  afterEach(() => scene.close())

  for (const version of ['2.10.27', '2.15.1']) {
    it(`reads what a ${version} server said`, async () => {
      const target = {...(await serve(recording(version))), name: version === '2.10.27' ? 'test-node-2' : 'test-node-1'}
      const monitor = await open()
      const [server, health, jetStream, routes, raft] = await Promise.all([
        monitor.server(target),
        monitor.health(target),
        monitor.jetStream(target),
        monitor.routes(target),
        monitor.raft(target),
      ])
      assert.ok(server.ok && health.ok && jetStream.ok && routes.ok && raft.ok)
      const varz = JSON.parse(recorded(version, 'varz'))
      assert.deepEqual(server.value, {
        id: varz.server_id,
        name: varz.server_name,
        version,
        clusterName: 'test',
        startedAt: Date.parse(varz.start),
        now: Date.parse(varz.now),
        connections: varz.connections,
        totalConnections: varz.total_connections,
        subscriptions: varz.subscriptions,
        slowConsumers: 0,
        memoryBytes: varz.mem,
        cpuPercent: varz.cpu,
        cores: 2,
        maxConnections: 65_536,
        inMsgs: varz.in_msgs,
        outMsgs: varz.out_msgs,
        inBytes: varz.in_bytes,
        outBytes: varz.out_bytes,
        configDigest: varz.config_digest,
        tlsRequired: false,
        lameDuck: false,
      })
      assert.deepEqual(
        [server, jetStream, routes, raft].map((answer) => (answer.ok ? answer.serverId : '')),
        Array(4).fill(varz.server_id),
      )
      assert.deepEqual(health.value, {httpStatus: 200, status: 'ok', errors: []})
      assert.equal(routes.value.length, JSON.parse(recorded(version, 'routez')).routes.length)
      const {streams, meta, ...info} = jetStream.value
      const jsz = JSON.parse(recorded(version, 'jsz'))
      assert.deepEqual(info, {
        enabled: true,
        memoryBytes: 0,
        fileBytes: jsz.storage,
        maxMemoryBytes: 256_000_000,
        maxFileBytes: 2_000_000_000,
        reservedMemoryBytes: 0,
        reservedFileBytes: 0,
        apiRequests: jsz.api.total,
        apiErrors: 0,
        complete: true,
      })
      assert.equal(meta?.leader, target.name)
      assert.equal(meta?.peers?.length, 2)
      assert.deepEqual(
        streams.map(({account, stream, state}) => `${account}/${stream} ${state.messages} to ${state.lastSeq}`).sort(),
        ['APP/lim 50 to 50', 'APP/main 50 to 50', 'APP/mem 0 to 0', 'B1/main 0 to 0', 'B2/main 0 to 0'],
      )
      assert.deepEqual([...new Set(raft.value.map(({account}) => account))].sort(), ['APP', 'SYS'])
      assert.ok(raft.value.every(({leader}) => leader?.startsWith('test-node-')))
    })
  }

  it('reads the sentinels and oddities of Go: unlimited as uint64, nil lists, {} for an error', async () => {
    const jsz = JSON.parse(recorded('2.15.1', 'jsz'))
    const text = JSON.stringify({
      ...jsz,
      reserved_memory: 0,
      account_details: null,
      accounts: 0,
      total: 0,
      streams: 0,
    }).replace('"reserved_storage":0', '"reserved_storage":18446744073709551615')
    const target = await serve((request, response) => {
      if (request.url?.startsWith('/raftz')) {
        response.end('{"SYS":{"_meta_":{"id":"a","state":"LEADER","leader":"a","size":1,"wal_error":{},"peers":null}}}')
      } else response.end(text)
    })
    const monitor = await open()
    const jetStream = await monitor.jetStream(target)
    assert.ok(jetStream.ok)
    assert.deepEqual(
      [jetStream.value.reservedFileBytes, jetStream.value.complete, jetStream.value.streams],
      [0, true, []],
    )
    const raft = await monitor.raft(target)
    assert.deepEqual(raft.ok && raft.value, [
      {
        account: 'SYS',
        group: '_meta_',
        state: 'LEADER',
        leader: 'test-node-1',
        size: 1,
        term: 0,
        committed: 0,
        applied: 0,
        catchingUp: false,
        writeError: 'the server does not say which',
        paused: false,
        peers: [],
      },
    ])
  })

  it('keeps names as they are, escape sequences too: making them harmless is the terminal’s business', async () => {
    const target = await serve((_, response) =>
      response.end(recorded('2.15.1', 'varz').replaceAll('test-node-1', '\\u001b[2Jevil')),
    )
    const server = await (await open()).server(target)
    assert.equal(server.ok && server.value.name, '\u001b[2Jevil')
  })

  it('calls an answer incomplete that does not add up, after asking once more', async () => {
    let asked = 0
    const target = await serve((_, response) => {
      asked++
      response.end(recorded('2.15.1', 'jsz').replace('"streams": 5', '"streams": 6'))
    })
    const jetStream = await (await open()).jetStream(target)
    assert.deepEqual([jetStream.ok && jetStream.value.complete, asked], [false, 2])
  })

  it('reads the reasons of an unhealthy node, with details and without', async () => {
    const details = {type: 'STREAM', account: 'A', stream: 's', error: 'JetStream stream is not current'}
    const said: [number, object, object[]][] = [
      [503, {status: 'unavailable', errors: [{...details, consumer: ''}]}, [details]],
      [503, {status: 'unavailable', error: 'no leader'}, [{type: 'UNKNOWN', error: 'no leader'}]],
      [500, {status: 'error', errors: null}, []],
    ]
    for (const [status, body, errors] of said) {
      const target = await serve((_, response) => response.writeHead(status).end(JSON.stringify(body)))
      const health = await (await open()).health(target)
      assert.deepEqual(health.ok && health.value.errors, errors)
      assert.equal(health.ok && health.value.httpStatus, status)
    }
  })

  it('knows a server without /raftz from one without groups', async () => {
    const without = await serve((_, response) => response.writeHead(404).end('404 page not found\n'))
    assert.equal(await problem(without, 'raft'), 'unsupported: this server has no /raftz (it came with 2.10.17)')
    const single = await serve((request, response) => {
      if (request.url?.startsWith('/jsz')) response.end(recorded('2.15.1', 'jsz'))
      else response.writeHead(404).end('No Raft nodes registered')
    })
    const raft = await (await open()).raft(single)
    assert.deepEqual(raft.ok && raft.value, [])
  })
})
