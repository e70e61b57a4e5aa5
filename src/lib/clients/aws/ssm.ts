import {
  DeleteParameterCommand,
  GetParametersCommand,
  PutParameterCommand,
  paginateGetParametersByPath,
  type Parameter as SdkParameter,
  SSMClient,
} from '@aws-sdk/client-ssm'
import {OpsError} from '../../errors.ts'
import type {Parameter, ParameterStore} from '../ports.ts'
import type {AwsCall} from './errors.ts'
import {chunksOf, collect, nameSome, required} from './lists.ts'
import type {Session} from './session.ts'

/** What GetParameters takes at once. */
const namesPerCall = 10
/** What GetParametersByPath gives at once. */
const parametersPerPage = 10

/** SSM Parameter Store. */
export function openParameterStore(session: Session): ParameterStore {
  const reader = session.client('ssm', 'repeat', (options) => new SSMClient(options))
  const writer = session.client('ssm', 'once', (options) => new SSMClient(options))

  async function getChunk(names: readonly string[]): Promise<readonly SdkParameter[]> {
    const command = new GetParametersCommand({Names: [...names], WithDecryption: true})
    return session.call(callOf('GetParameters', names), async () => {
      const {Parameters} = await (await reader()).send(command)
      return required(Parameters, 'Parameters')
    })
  }

  return {
    async get(names) {
      const chunks = await Promise.all(chunksOf([...new Set(names)], namesPerCall).map(getChunk))
      return new Map(
        chunks
          .flat()
          .map(toParameter)
          .map((parameter) => [parameter.name, parameter]),
      )
    },
    async list(path, {decrypt}) {
      const input = {Path: path, Recursive: true, WithDecryption: decrypt}
      const found = await session.call(callOf('GetParametersByPath', [path]), async () => {
        const config = {client: await reader(), pageSize: parametersPerPage, stopOnSameToken: true}
        return collect(paginateGetParametersByPath(config, input), (page) => required(page.Parameters, 'Parameters'))
      })
      return found.map(toParameter).sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    async put(name, value, {secure, overwrite}) {
      const command = new PutParameterCommand({
        Name: name,
        Value: value,
        Type: secure ? 'SecureString' : 'String',
        Overwrite: overwrite,
      })
      const call = {...callOf('PutParameter', [name]), secrets: [value]}
      return session.call(call, async () => {
        const {Version} = await (await writer()).send(command)
        return required(Version, 'Version')
      })
    },
    async delete(name) {
      const command = new DeleteParameterCommand({Name: name})
      try {
        await session.call(callOf('DeleteParameter', [name]), async () => (await writer()).send(command))
        return true
      } catch (error) {
        if (error instanceof OpsError && error.code === 'AWS_NOT_FOUND') return false
        throw error
      }
    },
  }
}

/** `name` is the one that was asked for: a version or label selected by `name:3` stays part of it. */
export function toParameter({Name = '', Selector = '', Value = '', Version = 0, Type}: SdkParameter): Parameter {
  return {name: `${Name}${Selector}`, value: Value, version: Version, secure: Type === 'SecureString'}
}

function callOf(action: string, names: readonly string[]): AwsCall {
  return {
    service: 'ssm',
    action,
    resource: nameSome(names),
    iamResource: `parameter${commonPath(names)}`,
  }
}

/** The one name, or the folder all of them are in: /a/b and /a/c/d are in /a. */
function commonPath(names: readonly string[]): string {
  const [first = '', ...others] = names
  if (others.length === 0) return first
  const parts = first.split('/')
  const shared = parts.findIndex((part, index) => others.some((name) => name.split('/')[index] !== part))
  return `${parts.slice(0, shared === -1 ? parts.length : shared).join('/')}/*`
}
