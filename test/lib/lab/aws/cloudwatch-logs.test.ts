import assert from 'node:assert/strict'
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  GetLogEventsCommand,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs'
import {startLab, startWorld} from './support/lab.ts'

describe('CloudWatch Logs of the lab', () => {
  const group = '/aws/ec2/nats-cluster/c/diagnostic'
  const [one, two] = ['c-node-1-bootstrap-i-1', 'c-node-2-bootstrap-i-2']
  const at = Date.parse('2026-03-01T09:00:00Z')
  let client: CloudWatchLogsClient
  let close: () => Promise<void>

  before(async () => {
    const {world} = await startWorld({nodes: 1})
    const lab = await startLab(world)
    client = new CloudWatchLogsClient(lab.settings)
    close = async () => {
      client.destroy()
      await lab.close()
    }
    world.logs.put(group, two, at + 5, 'boots')
    world.logs.put(group, one, at + 1, 'boots')
    world.logs.put(group, one, at + 2, 'Axiom ingest check: failed')
    world.logs.put(group, one, at + 3, 'Axiom ingest check: ok')
    world.logs.createGroup('/other', at)
  })
  after(() => close())

  const filter = async (input: Partial<FilterLogEventsCommandInput>) => {
    const {events = []} = await client.send(new FilterLogEventsCommand({logGroupName: group, ...input}))
    return events.map(({logStreamName, message, timestamp}) => [logStreamName, message, (timestamp ?? 0) - at])
  }

  it('describes groups by the beginning of their name', async () => {
    const names = async (input: object) =>
      (await client.send(new DescribeLogGroupsCommand(input))).logGroups?.map(({logGroupName}) => logGroupName)
    assert.deepEqual(await names({}), [group, '/other'])
    assert.deepEqual(await names({logGroupNamePrefix: '/aws/'}), [group])
    assert.deepEqual(await names({logGroupNamePrefix: '/none'}), [])
  })

  it('describes streams by name or by their last event, forward or backward, in pages', async () => {
    const streams = async (input: object) => {
      const answer = await client.send(new DescribeLogStreamsCommand({logGroupName: group, ...input}))
      return {...answer, names: answer.logStreams?.map(({logStreamName}) => logStreamName)}
    }
    assert.deepEqual((await streams({})).names, [one, two])
    assert.deepEqual((await streams({orderBy: 'LastEventTime', descending: true})).names, [two, one])
    assert.deepEqual((await streams({logStreamNamePrefix: 'c-node-2-'})).names, [two])
    const page = await streams({limit: 1})
    assert.deepEqual([page.names, (await streams({limit: 1, nextToken: page.nextToken})).names], [[one], [two]])
    assert.equal(page.logStreams?.[0]?.lastEventTimestamp, at + 3)
    await assert.rejects(streams({orderBy: 'LastEventTime', logStreamNamePrefix: 'c'}), {
      name: 'InvalidParameterException',
    })
  })

  it('gets events from either end; a token at the end leads to itself', async () => {
    const get = (input: object) =>
      client.send(new GetLogEventsCommand({logGroupName: group, logStreamName: one, ...input}))
    const texts = ({events = []}: Awaited<ReturnType<typeof get>>) => events.map(({message}) => message)
    const last = await get({limit: 1})
    assert.deepEqual(texts(last), ['Axiom ingest check: ok'])
    assert.deepEqual(texts(await get({limit: 1, nextToken: last.nextBackwardToken})), ['Axiom ingest check: failed'])
    const head = await get({startFromHead: true, limit: 2})
    assert.deepEqual(texts(head), ['boots', 'Axiom ingest check: failed'])
    const rest = await get({limit: 2, nextToken: head.nextForwardToken})
    assert.deepEqual(texts(rest), ['Axiom ingest check: ok'])
    const end = await get({limit: 2, nextToken: rest.nextForwardToken})
    assert.deepEqual([texts(end), end.nextForwardToken], [[], rest.nextForwardToken])
    assert.deepEqual(texts(await get({startFromHead: true, startTime: at + 2, endTime: at + 3})), [
      'Axiom ingest check: failed',
    ])
  })

  it('filters events by stream, time and words', async () => {
    const check = [one, 'Axiom ingest check: ok', 3]
    assert.deepEqual((await filter({})).length, 4)
    assert.deepEqual(await filter({filterPattern: '"ingest check: ok"'}), [check])
    assert.deepEqual(await filter({filterPattern: 'Axiom -failed'}), [check])
    assert.deepEqual((await filter({filterPattern: '?failed ?boots'})).length, 3)
    assert.deepEqual(await filter({filterPattern: 'axiom'}), [])
    assert.deepEqual(await filter({logStreamNamePrefix: 'c-node-2', startTime: at}), [[two, 'boots', 5]])
    assert.deepEqual(await filter({logStreamNames: [one], startTime: at + 3}), [check])
    await assert.rejects(filter({filterPattern: '{ $.level = "error" }'}), {name: 'InvalidParameterException'})
    const pages = paginateFilterLogEvents({client, pageSize: 3}, {logGroupName: group})
    const sizes: number[] = []
    for await (const {events = []} of pages) sizes.push(events.length)
    assert.deepEqual(sizes, [3, 1])
  })

  it('says what is not there', async () => {
    const missing = {name: 'ResourceNotFoundException'}
    await assert.rejects(filter({logGroupName: '/none'}), missing)
    await assert.rejects(client.send(new DescribeLogStreamsCommand({logGroupName: '/none'})), missing)
    const stream = new GetLogEventsCommand({logGroupName: group, logStreamName: 'none'})
    await assert.rejects(client.send(stream), missing)
  })
})
