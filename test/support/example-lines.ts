import {Exit} from '../../src/lib/errors.ts'

/** Before all others, in this order: what they read. */
export const FIRST: readonly string[] = [
  'natsops config init nats-prod',
  'natsops cert generate --file cluster.yaml',
  'natsops auth init --store files --keys /media/usb/nats-prod',
  'natsops config generate --file cluster.yaml --out deploy',
]

/** Each in its order, because a line needs or changes what the one before left; beside each other and all the rest. */
export const CHAINS: readonly (readonly string[])[] = [
  ['natsops auth passwd --generate --out app.password', 'natsops auth passwd < app.password'],
  [
    'natsops cert check tls',
    'natsops cert renew tls --step certificates',
    'natsops cert renew tls --step trust --dry-run',
    'natsops cert renew tls',
    'natsops cert generate --cluster nats-prod --client messenger --out tls',
    'natsops cert generate --node n1=n1.nats.internal,10.0.1.7 --out tls',
  ],
  [
    'natsops creds fetch --cluster nats-prod --ttl 1h',
    'natsops creds show --cluster nats-prod',
    'natsops creds fetch -c nats-prod --service messenger --out ./messenger.creds',
    'natsops creds show ./messenger.creds',
    'natsops creds clean',
  ],
  [
    'natsops lab up',
    'natsops lab up --nats-server ./nats-server --boot-delay 30s --json',
    'natsops lab status',
    'eval "$(natsops lab env)"',
    'natsops lab env --json',
    'natsops lab fault on launch-fails --node 2 --count 1',
    'natsops lab fault on access-denied --value ssm:SendCommand --for 2m',
    'natsops lab fault list',
    'natsops lab fault off --all',
    'natsops lab node stop 2',
    'natsops lab node wipe lab-node-3 --json',
    'natsops lab release',
    'natsops lab down',
    'natsops lab up practice --nodes 5 --server-version 2.10',
    'natsops lab status practice --json',
    'natsops lab node pause node-1 --lab practice',
    'natsops lab release --server 2.15 --lab practice',
    'natsops lab down practice --json',
  ],
]

/** After all others, in this order: what changes the cluster that the others ask. */
export const LAST: readonly string[] = [
  'natsops roll -c prod --only-outdated --confirm prod --events roll.jsonl',
  'natsops node drain 2 --cluster nats-prod --confirm nats-prod',
  'natsops node drain 2 --cluster nats-prod --undo',
  'natsops roll resume --cluster nats-prod',
  'natsops roll resume --cluster nats-prod --take-over --confirm nats-prod',
  'natsops roll abort --cluster nats-prod',
  'natsops roll abort --cluster nats-prod --take-over --confirm nats-prod',
]

/** Run with --dry-run: what takes minutes. */
export const DRY: readonly string[] = ['natsops node replace nats-prod-node-2 --confirm nats-prod']

/** Not run, and why. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'natsops lab env practice --shell fish | source': 'for fish, which this machine need not have',
}

const busy = {status: [0, Exit.healthDegraded, Exit.healthCritical], why: 'a busy machine is a finding'}
const nobody = {status: [Exit.usage], why: 'asks, and nobody is there to answer'}
const noStream = {status: [Exit.notFound], why: 'there is no stream ORDERS'}
const foreign = {status: [Exit.refused], why: 'the lab has an operator of its own'}
const drained = {status: [Exit.locked], why: 'the lock is that of a drained node, not of a roll'}
const noFiles = {status: [Exit.healthDegraded], why: 'this machine has no /etc/nats/tls'}
const differs = {status: [Exit.healthDegraded], why: 'the lab is not what was described'}

/** What ends with another status than 0, with which, and why. */
export const STATUSES: Readonly<Record<string, {readonly status: readonly number[]; readonly why: string}>> = {
  'natsops auth init --file cluster.yaml --dry-run': foreign,
  'natsops auth init --file cluster.yaml --confirm nats-prod': foreign,
  'natsops auth passwd': nobody,
  'natsops auth user add orders --file cluster.yaml': nobody,
  'natsops auth user add orders --days 90 --confirm nats-prod': {
    status: [Exit.notFound],
    why: 'the keys are on the stick, and --keys does not say so',
  },
  'natsops auth user revoke orders --file cluster.yaml': {status: [Exit.notFound], why: 'no key was ever replaced'},
  'natsops auth user rotate orders --file cluster.yaml --dry-run': {
    status: [Exit.notFound],
    why: 'SSM has no credentials of orders',
  },
  'natsops auth user rotate admin --days 90 --confirm nats-prod': foreign,
  'natsops cert check --cluster nats-prod --json': {status: [Exit.healthDegraded], why: 'the lab has no TLS'},
  'natsops config check /etc/nats/nats-server.conf': {status: [Exit.usage], why: 'there is no such file'},
  'natsops config check node-1.conf node-2.conf node-3.conf --stop-timeout 150s': noFiles,
  'natsops config check nats.conf --ignore monitor-exposed --json': noFiles,
  'natsops config diff --cluster nats-prod --file cluster.yaml': differs,
  'natsops config diff --cluster nats-prod --file cluster.yaml --no-aws --json': differs,
  "natsops consumer list ORDERS 'worker-*' --cluster nats-prod --sort -pending": noStream,
  'natsops consumer list ORDERS --cluster nats-prod --unacked-over 100 --json': noStream,
  'natsops doctor --cluster nats-prod': busy,
  'natsops doctor --cluster nats-prod --json': busy,
  'natsops health --cluster nats-prod': busy,
  'natsops health --cluster nats-prod --no-aws --format nagios': {
    status: [0, 1, 2],
    why: `${busy.why}, as Nagios counts`,
  },
  'natsops health --cluster nats-prod --format prometheus > nats.prom': busy,
  'natsops lab up --nats-server ./nats-server --boot-delay 30s --json': {status: [Exit.refused], why: 'it is up'},
  'natsops node drain 2 --cluster nats-prod --undo': nobody,
  'natsops node run --all -c nats-prod -- systemctl is-active nats': nobody,
  'natsops node status 1 --cluster nats-prod': busy,
  'natsops node status nats-prod-node-1 --cluster nats-prod --json': busy,
  'natsops roll --cluster nats-prod': nobody,
  'natsops roll --cluster nats-prod --node 2 --node 3 --accept-loss audit': {
    status: [Exit.usage],
    why: 'nothing here has a single replica',
  },
  'natsops roll resume --cluster nats-prod': drained,
  'natsops roll resume --cluster nats-prod --take-over --confirm nats-prod': drained,
  'natsops roll abort --cluster nats-prod': nobody,
  'natsops service switch facebox -f src/services.tf -c nats-staging --dry-run': {
    status: [Exit.auth],
    why: 'nats-staging is no lab, and there are no credentials of AWS',
  },
}
