import assert from 'node:assert/strict'
import {openAws} from '../../src/lib/clients/aws/aws.ts'
import type {Aws, ParameterStore} from '../../src/lib/clients/ports.ts'
import {OpsError} from '../../src/lib/errors.ts'
import {type Backend, cluster, startLabBackend, startMotoBackend, strangeGroup} from '../support/aws-backends.ts'
import {eventually, untilTrue} from '../support/eventually.ts'

/**
 * The same promises kept against two AWS implementations that know nothing of each other: what holds for both holds
 * for AWS, and the lab is a stand-in for it.
 */
const timeoutMs = 60_000
const group = (n: number): string => `${cluster}-node-${n}-asg`

for (const {name, start} of [
  {name: "the lab's endpoint", start: startLabBackend},
  {name: 'moto', start: startMotoBackend},
]) {
  describe(`AWS as ${name} plays it`, function () {
    this.slow(2000)
    let backend: Backend
    let aws: Aws
    let store: ParameterStore

    before(async function () {
      const started = await start()
      if (!started) {
        if (process.env.CI) throw new Error('moto_server is not there: run script/bootstrap --test')
        return this.skip()
      }
      backend = started
      aws = openAws(backend.settings, {timeoutMs})
      store = await aws.parameters()
    })

    after(() => backend?.stop())

    describe('parameters', () => {
      it('come back as they were put, plain and secure, several in one call, missing names absent', async () => {
        assert.equal(await store.put('/one/plain', 'p', {secure: false, overwrite: false}), 1)
        assert.equal(await store.put('/one/secure', 'line 1\nline 2', {secure: true, overwrite: false}), 1)
        assert.deepEqual(
          await store.get(['/one/plain', '/one/secure', '/one/none', '/one/plain']),
          new Map([
            ['/one/plain', {name: '/one/plain', value: 'p', version: 1, secure: false}],
            ['/one/secure', {name: '/one/secure', value: 'line 1\nline 2', version: 1, secure: true}],
          ]),
        )
        assert.deepEqual(await store.get(['/one/none']), new Map())
        assert.deepEqual(await store.get([]), new Map())
      })

      it('count a version with every overwrite', async () => {
        const options = {secure: true, overwrite: true}
        const versions = [await store.put('/two/p', 'a', options), await store.put('/two/p', 'b', options)]
        assert.deepEqual([...versions, await store.put('/two/p', 'c', options)], [1, 2, 3])
        assert.deepEqual((await store.get(['/two/p'])).get('/two/p'), {
          name: '/two/p',
          value: 'c',
          version: 3,
          secure: true,
        })
      })

      it('are not overwritten unless asked', async () => {
        await store.put('/three/p', 'first', {secure: false, overwrite: false})
        const error = await rejection(store.put('/three/p', 'second', {secure: false, overwrite: false}))
        assert.deepEqual([error.code, error.exit], ['PARAMETER_EXISTS', 3])
        assert.equal(error.message, 'ssm:PutParameter on /three/p in us-east-2: the parameter exists already')
        assert.equal((await store.get(['/three/p'])).get('/three/p')?.value, 'first')
      })

      it('are read by more names than one call takes', async () => {
        const names = Array.from({length: 23}, (_, index) => `/four/p${String(index).padStart(2, '0')}`)
        await Promise.all(names.map((one) => store.put(one, `value of ${one}`, {secure: false, overwrite: false})))
        const found = await store.get([...names, '/four/none'])
        assert.deepEqual([...found.keys()].sort(), names)
        for (const one of names) assert.equal(found.get(one)?.value, `value of ${one}`)
      })

      it('are listed below a path in every depth, more than one page of them, sorted', async () => {
        const names = Array.from({length: 23}, (_, index) => `/five/${index % 2 ? 'deep/er/' : ''}p${index}`).sort()
        await Promise.all(names.map((one) => store.put(one, 'v', {secure: true, overwrite: false})))
        await store.put('/fiver/p', 'v', {secure: false, overwrite: false})
        const listed = await store.list('/five', {decrypt: true})
        assert.deepEqual(
          listed,
          names.map((one) => ({name: one, value: 'v', version: 1, secure: true})),
        )
        assert.deepEqual(await store.list('/none', {decrypt: true}), [])
      })

      it('keep their value to themselves in a list that does not decrypt', async () => {
        await store.put('/six/p', 'SECRETVALUE', {secure: true, overwrite: false})
        const [parameter] = await store.list('/six', {decrypt: false})
        assert.equal(parameter?.name, '/six/p')
        assert.notEqual(parameter?.value, 'SECRETVALUE')
      })

      it('are deleted once', async () => {
        await store.put('/seven/p', 'v', {secure: false, overwrite: false})
        assert.deepEqual([await store.delete('/seven/p'), await store.delete('/seven/p')], [true, false])
        assert.deepEqual(await store.get(['/seven/p']), new Map())
      })
    })

    describe('groups', () => {
      it('are found by name, missing ones absent', async () => {
        await instanceOf(aws, group(2))
        const [found, ...others] = await (await aws.autoScaling()).groups([group(2), `${cluster}-node-9-asg`])
        assert.deepEqual(others, [])
        assert.ok(found)
        // Only the lab's groups have launch templates.
        const {instances, launchTemplateVersion: _version, ...rest} = found
        assert.deepEqual(
          {...rest, instances: instances.map(({id: _id, launchTemplateVersion: _version, ...instance}) => instance)},
          {
            name: group(2),
            desired: 1,
            minimum: 0,
            maximum: found.maximum,
            suspended: [],
            instances: [
              {
                lifecycle: 'InService',
                health: 'Healthy',
                zone: 'us-east-2a',
                protectedFromScaleIn: false,
                type: 'm8gd.medium',
              },
            ],
          },
        )
        assert.match(instances[0]?.id ?? '', /^i-[0-9a-f]+$/)
      })

      it('are all found without names, none with no names', async () => {
        const scaling = await aws.autoScaling()
        const names = (await scaling.groups()).map(({name: one}) => one).sort()
        assert.deepEqual(names, [group(1), group(2), group(3), strangeGroup])
        assert.deepEqual(await scaling.groups([]), [])
      })

      it('are found by more names than one call takes', async () => {
        const names = Array.from({length: 120}, (_, index) => group(index + 1))
        const found = await (await aws.autoScaling()).groups(names)
        assert.deepEqual(found.map(({name: one}) => one).sort(), [group(1), group(2), group(3)])
      })

      it('get a new instance for a terminated one, at the same capacity, and tell of it', async () => {
        const scaling = await aws.autoScaling()
        const before = await instanceOf(aws, group(3))
        const activity = await scaling.terminateInstance(before)
        assert.match(activity.description, new RegExp(before))
        const after = await eventually(`another instance in ${group(3)}`, async () => {
          const [found] = await scaling.groups([group(3)])
          assert.equal(found?.desired, 1)
          return found?.instances.find(({id, lifecycle}) => id !== before && lifecycle === 'InService')?.id
        })
        const [old, ...rest] = await (await aws.ec2()).instances({ids: [before, 'i-00000000000000000']})
        assert.deepEqual(rest, [])
        assert.equal(old?.id, before)
        assert.match(old?.state ?? '', /^(shutting-down|terminated)$/)
        await untilTrue('it runs', async () => {
          const [fresh] = await (await aws.ec2()).instances({ids: [after]})
          assert.deepEqual([fresh?.state, fresh?.name], ['running', `${cluster}-node-3`])
        })
      })
    })

    describe('instances', () => {
      it('are found by tag and by id, with their status checks, as the group knows them', async () => {
        const id = await instanceOf(aws, group(1))
        const ec2 = await aws.ec2()
        const [byName, ...others] = await eventually('passed status checks', async () => {
          const found = await ec2.instances({names: [`${cluster}-node-1`]})
          return found[0]?.instanceStatus === 'ok' && found[0].systemStatus === 'ok' ? found : undefined
        })
        assert.deepEqual(others, [])
        assert.ok(byName)
        const {launchedAt, privateIp, ...rest} = byName
        assert.deepEqual(rest, {
          id,
          name: `${cluster}-node-1`,
          state: 'running',
          type: 'm8gd.medium',
          zone: 'us-east-2a',
          systemStatus: 'ok',
          instanceStatus: 'ok',
        })
        assert.match(privateIp ?? '', /^\d+\.\d+\.\d+\.\d+$/)
        assert.ok(Math.abs(Date.now() - launchedAt) < 600_000, 'launched in these ten minutes')
        assert.deepEqual(await ec2.instances({ids: [id]}), [byName])
      })

      it('are found by whole names only', async () => {
        const ec2 = await aws.ec2()
        assert.deepEqual(await ec2.instances({names: [`${cluster}-node-*`]}), [])
        assert.deepEqual(await ec2.instances({names: []}), [])
        assert.deepEqual(await ec2.instances({ids: []}), [])
      })
    })

    it('says who calls', async () => {
      const {account, arn, serverTime} = await (await aws.identity()).caller()
      assert.ok(Math.abs((serverTime ?? 0) - Date.now()) < 60_000, 'the time of the answer')
      assert.equal(account, backend.account)
      assert.match(arn, new RegExp(`^arn:aws:(iam|sts)::${account}:`))
    })

    it('is named where nothing listens', async () => {
      const closed = {...backend.settings, endpoints: {all: 'http://127.0.0.1:1'}}
      const error = await rejection((await openAws(closed, {timeoutMs}).parameters()).get(['/one/plain']))
      assert.deepEqual([error.code, error.exit], ['AWS_UNREACHABLE', 7])
      assert.equal(error.message, 'ssm:GetParameters on /one/plain in us-east-2: 127.0.0.1:1 refused the connection')
    })

    // moto answers refreshes, activities and strange instances with a page about its own exception, and takes any key.
    if (name === 'moto') return

    describe('beyond what moto knows', () => {
      it('refuses to terminate an instance that is in no group', async () => {
        const error = await rejection((await aws.autoScaling()).terminateInstance('i-00000000000000000'))
        assert.deepEqual([error.code, error.exit], ['AWS_NOT_FOUND', 9])
      })

      it('keeps activities, newest first, as many as asked for', async () => {
        const scaling = await aws.autoScaling()
        const activities = await eventually('the end of all of them', async () => {
          const seen = await scaling.activities(group(3), 10)
          return seen.every(({status}) => status === 'Successful') && seen
        })
        assert.deepEqual(
          activities.map(({group: of, status, description}) => [of, status, description.replace(/: i-.*/, '')]),
          [
            [group(3), 'Successful', 'Launching a new EC2 instance'],
            [group(3), 'Successful', 'Terminating EC2 instance'],
            [group(3), 'Successful', 'Launching a new EC2 instance'],
          ],
        )
        assert.deepEqual(await scaling.activities(group(3), 2), activities.slice(0, 2))
      })

      it('has no refresh that nobody started', async () => {
        assert.deepEqual(await (await aws.autoScaling()).refreshes(group(1)), [])
      })

      it('refuses a key it does not know and a secret that is wrong, in every protocol', async () => {
        const unknown = openAws(backend.settingsWithKeys('AKIAUNKNOWN', 'x'), {timeoutMs})
        const wrong = openAws(backend.settingsWithKeys('AKIACONTRACT', 'x'), {timeoutMs})
        for (const [one, pattern] of [
          [unknown, /AWS does not know the access key of profile default of /],
          [wrong, /the secret key of profile default of \S+ does not belong to its access key$/],
        ] as const) {
          for (const call of [
            async () => (await one.parameters()).get(['/one/plain']),
            async () => (await one.autoScaling()).groups(),
            async () => (await one.identity()).caller(),
          ]) {
            const error = await rejection(call())
            assert.deepEqual([error.code, error.exit], ['AWS_CREDENTIALS_REFUSED', 10])
            assert.match(error.message, pattern)
          }
          const error = await rejection((async () => (await one.ec2()).instances({ids: ['i-1']}))())
          assert.deepEqual([error.code, error.exit], ['AWS_CREDENTIALS_REFUSED', 10])
        }
      })
    })
  })
}

async function instanceOf(aws: Aws, name: string): Promise<string> {
  return eventually(`an instance in ${name}`, async () => {
    const [found] = await (await aws.autoScaling()).groups([name])
    return found?.instances.find(({lifecycle}) => lifecycle === 'InService')?.id
  })
}

async function rejection(work: Promise<unknown>): Promise<OpsError> {
  const error = await work.then(
    () => assert.fail('resolved'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof OpsError)) throw error
  return error
}
