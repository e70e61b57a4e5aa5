import {ServiceFailure} from './failure.ts'
import type {Input} from './input.ts'
import type {Service} from './service.ts'

/** The parameters of each document, and whether it must have them. */
const documents: Readonly<Record<string, readonly string[]>> = {
  'SSM-SessionManagerRunShell': [],
  'AWS-StartPortForwardingSession': ['portNumber', 'localPortNumber'],
}

/** Session Manager as an SDK sees it. The plugin's own connection, to the answer's StreamUrl, leads nowhere. */
export const sessionOperations: Service['operations'] = {
  StartSession: ({world, input}) => {
    const document = input.text('DocumentName') ?? 'SSM-SessionManagerRunShell'
    const names = Object.hasOwn(documents, document) ? documents[document] : undefined
    if (!names) throw new ServiceFailure('InvalidDocument', `Document with name ${document} does not exist.`)
    const given = input.structure('Parameters')
    const parameters = Object.fromEntries(names.map((name) => [name, readPort(name, given)]))
    const session = world.sessions.start(input.required('Target'), {document, parameters})
    const stream = `wss://ssmmessages.${world.region}.amazonaws.com/v1/data-channel/${session.id}?role=publish_subscribe`
    return {SessionId: session.id, TokenValue: session.token, StreamUrl: stream}
  },

  TerminateSession: ({world, input}) => {
    const id = input.required('SessionId')
    world.sessions.terminate(id)
    return {SessionId: id}
  },
}

function readPort(name: string, given: Input): readonly string[] {
  const values = given.texts(name)
  const isPort = values.length === 1 && /^\d{1,5}$/.test(values[0] ?? '') && Number(values[0]) <= 65_535
  if (isPort) return values
  throw new ServiceFailure('InvalidParameters', `Parameter ${name} is not a port`)
}
