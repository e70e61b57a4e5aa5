import {queryProtocol} from './protocol-query.ts'
import {refuseAsQuery, validationComplaints} from './refusals.ts'
import type {Service} from './service.ts'

/** Security Token Service: who am I. */
export const sts: Service = {
  name: 'sts',
  protocol: queryProtocol('2011-06-15', 'https://sts.amazonaws.com/doc/2011-06-15/'),
  complaints: validationComplaints('ValidationError'),
  refuse: refuseAsQuery,
  operations: {
    GetCallerIdentity: ({world, caller}) => ({Arn: caller.arn, UserId: caller.userId, Account: world.account}),
  },
}
