import {type AuthorityDescription, type UserPermissions, unlimitedJetStream} from '../author/authority.ts'

export const SERVICES = ['facebox', 'messenger'] as const
export const ADMIN = 'admin'
export const SYSTEM_USER = 'sys'
export const MAIN_STREAM = 'pivot_main'

/** The accounts and users of a lab, as a cluster of the runbook has them. */
export function describeAuthority(lab: string): AuthorityDescription {
  const services = SERVICES.map((name) => ({name, permissions: servicePermissions(name)}))
  return {
    operator: lab,
    systemAccount: 'SYS',
    accounts: [
      {name: 'SYS', users: [{name: SYSTEM_USER}]},
      {name: 'PIVOT', jetStream: unlimitedJetStream, users: [{name: ADMIN}, ...services]},
    ],
  }
}

/** A service's own subjects, and its own durable consumer of the main stream: look, fetch, acknowledge. */
function servicePermissions(name: string): UserPermissions {
  const consumer = `${MAIN_STREAM}.${name}`
  return {
    publish: [
      `${name}.>`,
      `$JS.API.STREAM.INFO.${MAIN_STREAM}`,
      `$JS.API.CONSUMER.INFO.${consumer}`,
      `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
      `$JS.ACK.${consumer}.>`,
    ],
    subscribe: [`${name}.>`, '_INBOX.>'],
    respond: true,
  }
}
