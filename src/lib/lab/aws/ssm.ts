import {ServiceFailure} from './failure.ts'
import type {Input} from './input.ts'
import {pageOf} from './paging.ts'
import type {ParameterRecord, ParameterType} from './parameters.ts'
import {jsonProtocol} from './protocol-json.ts'
import {refuseAsJson, validationComplaints} from './refusals.ts'
import type {Service} from './service.ts'
import {runCommandOperations} from './ssm-run-command.ts'
import {sessionOperations} from './ssm-sessions.ts'
import type {AwsWorld} from './world.ts'
import type {XmlContent} from './xml.ts'

const complaints = validationComplaints('ValidationException')

/** Systems Manager: Parameter Store, newest versions only, no labels, policies or tags; Run Command; Session Manager. */
export const ssm: Service = {
  name: 'ssm',
  protocol: jsonProtocol('AmazonSSM'),
  complaints,
  refuse: refuseAsJson,
  operations: {
    GetParameter: ({world, input}) => {
      const {record, selector} = find(world, input.required('Name'))
      if (!record) throw notFound()
      if (!isSelected(record, selector)) throw versionNotFound(record.name, selector)
      return {Parameter: show(world, record, input.flag('WithDecryption'), selector)}
    },

    GetParameters: ({world, input}) => {
      const names = tenAtMost(input, 'Names')
      const found = new Map<string, XmlContent>()
      const invalid: string[] = []
      for (const name of new Set(names)) {
        const {record, selector} = find(world, name)
        if (record && isSelected(record, selector)) {
          found.set(name, show(world, record, input.flag('WithDecryption'), selector))
        } else invalid.push(name)
      }
      return {Parameters: [...found.values()], InvalidParameters: invalid}
    },

    GetParametersByPath: ({world, input}) => {
      const path = input.required('Path')
      if (!/^\/([\w.-]+(\/[\w.-]+)*\/?)?$/.test(path)) throw invalid(badPath)
      if (input.has('ParameterFilters') && input.structures('ParameterFilters').length > 0) {
        throw new ServiceFailure('InvalidFilterKey', 'The lab does not know parameter filters.')
      }
      const page = pageOf(world.parameters.below(path, {recursive: input.flag('Recursive')}), {
        list: `GetParametersByPath ${path}`,
        keyOf: ({name}) => name,
        size: input.integer('MaxResults', {least: 1, most: 10}) ?? 10,
        token: input.text('NextToken'),
        refuse: () => new ServiceFailure('InvalidNextToken', 'The specified token is not valid.'),
      })
      const decrypt = input.flag('WithDecryption')
      return {Parameters: page.items.map((record) => show(world, record, decrypt)), NextToken: page.nextToken}
    },

    PutParameter: ({world, input}) => {
      const name = input.required('Name')
      checkName(name)
      const existing = world.parameters.get(name)
      const type = input.oneOf('Type', parameterTypes) ?? existing?.type
      if (!type) throw invalid('A parameter type is required when you create a parameter.')
      const tier = input.oneOf('Tier', ['Standard', 'Advanced', 'Intelligent-Tiering']) ?? existing?.tier ?? 'Standard'
      const value = input.required('Value')
      const actualTier = tier === 'Intelligent-Tiering' ? fittingTier(value) : tier
      checkValue(value, type, actualTier)
      if (existing && !input.flag('Overwrite')) throw new ServiceFailure('ParameterAlreadyExists', alreadyExists)
      const modifiedAt = world.clock.now()
      const {version} = world.parameters.put({name, value, type, modifiedAt, tier: actualTier})
      return {Version: version, Tier: actualTier}
    },

    DeleteParameter: ({world, input}) => {
      if (!world.parameters.delete(input.required('Name'))) throw notFound()
      return {}
    },

    DeleteParameters: ({world, input}) => {
      const names = tenAtMost(input, 'Names')
      const deleted = new Set(names.filter((name) => world.parameters.delete(name)))
      return {DeletedParameters: [...deleted], InvalidParameters: names.filter((name) => !deleted.has(name))}
    },

    ...runCommandOperations,
    ...sessionOperations,
  },
}

const parameterTypes: readonly ParameterType[] = ['String', 'StringList', 'SecureString']

const alreadyExists =
  'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.'
const badPath =
  'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can\'t be prefixed with \\"aws\\" or \\"ssm\\" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.'
const badName =
  'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_'

/** By name or ARN, with or without a version after a colon. */
function find(world: AwsWorld, name: string): {record: ParameterRecord | undefined; selector: string | undefined} {
  const arnPrefix = arnOf(world, '/')
  const isArn = name.startsWith(arnPrefix)
  const local = isArn ? name.slice(arnPrefix.length - 1) : name
  const colon = local.indexOf(':')
  const plain = colon < 0 ? local : local.slice(0, colon)
  if (plain === '' || /[^\w./-]/.test(plain)) throw invalid(badName)
  const selector = colon < 0 ? undefined : local.slice(colon)
  const record = world.parameters.get(plain) ?? (isArn ? world.parameters.get(plain.slice(1)) : undefined)
  return {record, selector}
}

function isSelected({version}: ParameterRecord, selector: string | undefined): boolean {
  return selector === undefined || selector === `:${version}`
}

function show(world: AwsWorld, record: ParameterRecord, decrypt: boolean, selector?: string): XmlContent {
  const isHidden = record.type === 'SecureString' && !decrypt
  return {
    Name: record.name,
    Type: record.type,
    Value: isHidden ? record.ciphertext : record.value,
    Version: record.version,
    Selector: selector,
    LastModifiedDate: record.modifiedAt / 1000,
    ARN: arnOf(world, record.name),
    DataType: 'text',
  }
}

function arnOf({region, account}: AwsWorld, name: string): string {
  return `arn:aws:ssm:${region}:${account}:parameter${name.startsWith('/') ? '' : '/'}${name}`
}

function checkName(name: string): void {
  if (/^\/?(ssm|aws)/i.test(name) || name.length > 1011) throw invalid(badName)
  if (name.includes('/') && !name.startsWith('/')) throw invalid('Parameter name must be a fully qualified name.')
  if (!/^\/?[\w.-]+(\/[\w.-]+)*$/.test(name)) throw invalid(badName)
  if (name.split('/').length - 1 > 15) {
    throw new ServiceFailure('HierarchyLevelLimitExceededException', 'A hierarchy can have a maximum of 15 levels.')
  }
}

const tierLimits: Readonly<Record<string, number>> = {Standard: 4096, Advanced: 8192}

function fittingTier(value: string): 'Standard' | 'Advanced' {
  return Buffer.byteLength(value) > 4096 ? 'Advanced' : 'Standard'
}

function checkValue(value: string, type: ParameterType, tier: string): void {
  if (value === '') throw complaints.invalid('Value', '', 'have length greater than or equal to 1')
  if (type === 'StringList' && value.split(',').includes('')) {
    throw invalid('Parameter value of type StringList has an empty item.')
  }
  const limit = tierLimits[tier] ?? 0
  if (Buffer.byteLength(value) <= limit) return
  const advice =
    tier === 'Standard'
      ? ' To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html'
      : ''
  throw invalid(`${tier} tier parameters support a maximum parameter value of ${limit} characters.${advice}`)
}

function tenAtMost(input: Input, list: string): readonly string[] {
  const values = input.texts(list)
  if (values.length === 0) throw complaints.invalid(list, '[]', 'have length greater than or equal to 1')
  if (values.length > 10) {
    throw complaints.invalid(list, `[${values.join(', ')}]`, 'have length less than or equal to 10')
  }
  return values
}

function invalid(message: string): ServiceFailure {
  return new ServiceFailure('ValidationException', message)
}

/** AWS says no more than the code. */
function notFound(): ServiceFailure {
  return new ServiceFailure('ParameterNotFound', '')
}

function versionNotFound(name: string, selector: string | undefined): ServiceFailure {
  return new ServiceFailure(
    'ParameterVersionNotFound',
    `Systems Manager could not find version ${selector?.slice(1)} of ${name}. Verify the version and try again.`,
  )
}
