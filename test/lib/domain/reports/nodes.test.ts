import assert from 'node:assert/strict'
import {answered, unanswered} from '../../../../src/lib/domain/answer.ts'
import {
  accountNames,
  accountRows,
  connectionRows,
  countLed,
  mustCountLeaders,
  serverRow,
} from '../../../../src/lib/domain/reports/nodes.ts'
import type {AccountTraffic, ConnectionSighting} from '../../../../src/lib/domain/reports/sightings.ts'
import {totalsOf} from '../../../../src/lib/domain/reports/totals.ts'
import {asked, consumerSighting, jetStreamOf, sighting} from '../../../support/report-looks.ts'

describe('rows of servers', () => {
  it('say what a server holds, and how much of its limits', () => {
    const row = serverRow(asked('n1', answered(jetStreamOf('n1'), 0)), {
      metaLeader: 'n1',
      led: {streams: 2, consumers: 3},
    })
    assert.deepEqual(row, {
      server: 'n1',
      problem: null,
      serverId: 'ID-n1',
      version: '2.15.1',
      isMetaLeader: true,
      jetStream: true,
      accounts: 1,
      streams: 0,
      consumers: 0,
      messages: 10,
      bytes: 100,
      streamsLed: 2,
      consumersLed: 3,
      memoryBytes: 0,
      maxMemoryBytes: 0,
      memoryPercent: null,
      fileBytes: 300,
      maxFileBytes: 1000,
      filePercent: 30,
      reservedMemoryBytes: 0,
      reservedFileBytes: 0,
      apiRequests: 7,
      apiErrors: 1,
    })
  })

  it('say why a silent server tells nothing', () => {
    const silent = {...asked('n1', unanswered('timeout', 'no answer within 5s', 0)), server: undefined}
    const {server, problem, streams, version} = serverRow(silent, {metaLeader: null, led: undefined})
    assert.deepEqual([server, problem, streams, version], ['n1', 'no answer within 5s', null, null])
  })

  it('count leaders themselves only where no server does', () => {
    const holding = jetStreamOf('n1', {
      streams: [
        sighting('a', 'n1', {leader: 'n1', consumers: [consumerSighting('x', 'n1'), consumerSighting('y', 'n2')]}),
        sighting('b', 'n1', {leader: 'n2'}),
      ],
    })
    const counting = {...holding, totals: {...holding.totals, streamsLed: 1}}
    assert.deepEqual(
      [mustCountLeaders([asked('n1', answered(holding, 0))]), mustCountLeaders([asked('n1', answered(counting, 0))])],
      [true, false],
    )
    assert.deepEqual(countLed('n1', holding), {streams: 1, consumers: 1})
  })
})

describe('rows of connections', () => {
  it('are sorted by account, server and id, named by whichever server knows the account', () => {
    const rows = connectionRows(
      [
        asked('n2', answered({total: 1, connections: [connection(5, {accountId: 'AB'})]}, 0)),
        asked(
          'n1',
          answered({total: 2, connections: [connection(9, {accountId: 'AA'}), connection(3, {accountId: 'AB'})]}, 0),
        ),
      ],
      accountNames([asked('n1', answered([traffic('AB', {account: 'first'})], 0))], []),
    )
    assert.deepEqual(
      rows.map(({account, server, id}) => [account, server, id]),
      [
        ['AA', 'n1', 9],
        ['first', 'n1', 3],
        ['first', 'n2', 5],
      ],
    )
  })

  it('are slow where data waits for the client, or publishers were held up for it', () => {
    const connections = [connection(1), connection(2, {pendingBytes: 1}), connection(3, {stalls: 1})]
    const rows = connectionRows([asked('n1', answered({total: 3, connections}, 0))], new Map())
    assert.deepEqual(
      rows.map(({slow}) => slow),
      [false, true, true],
    )
  })
})

describe('rows of accounts', () => {
  it('add connections up over servers, and storage not: each server tells the sum', () => {
    const usage = {account: 'APP', accountId: 'AB', memoryBytes: 1, fileBytes: 50, apiRequests: 4, apiErrors: 0}
    const holding = (name: string) =>
      asked(
        name,
        answered(jetStreamOf(name, {changes: {accounts: [{...usage, maxMemoryBytes: -1, maxFileBytes: 900}]}}), 0),
      )
    const [bare, row] = accountRows(
      ['n1', 'n2'].map((name) => asked(name, answered([traffic('AB'), traffic('AC')], 0))),
      ['n1', 'n2'].map(holding),
      [],
    )
    assert.deepEqual(
      [row?.account, row?.connections, row?.fileBytes, row?.maxFileBytes, row?.maxMemoryBytes, row?.streams],
      ['APP', 4, 50, 900, -1, 0],
    )
    assert.deepEqual([bare?.account, bare?.jetStream, bare?.streams, bare?.fileBytes], ['AC', false, null, null])
  })
})

it('sums leave out what a row does not know', () => {
  const rows = [{bytes: 2}, {bytes: null}]
  assert.deepEqual(totalsOf('streams', rows, ['bytes']), {streams: 2, bytes: 2})
})

function connection(id: number, changes: Partial<ConnectionSighting> = {}): ConnectionSighting {
  return {
    id,
    kind: 'Client',
    name: undefined,
    accountId: 'AB',
    user: undefined,
    ip: '10.0.0.1',
    port: 4000,
    language: 'go',
    version: '1.0',
    subscriptions: 0,
    pendingBytes: 0,
    inMessages: 0,
    outMessages: 0,
    inBytes: 0,
    outBytes: 0,
    rttMs: 1,
    stalls: undefined,
    uptimeSeconds: 1,
    idleSeconds: 1,
    ...changes,
  }
}

function traffic(accountId: string, changes: Partial<AccountTraffic> = {}): AccountTraffic {
  const counts = {connections: 2, leafNodes: 0, subscriptions: 1, slowConsumers: 0}
  return {account: accountId, accountId, ...counts, inMessages: 1, inBytes: 1, outMessages: 1, outBytes: 1, ...changes}
}
