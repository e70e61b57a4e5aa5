/** Command lines that make a cluster in a folder; the cluster is called as the lab. */
const AUTHORING: readonly string[] = [
  'config init lab',
  'cert generate --file cluster.yaml',
  'cert check tls',
  'cert renew tls --step trust',
  'auth init --file cluster.yaml --store files',
  'auth user add admin --file cluster.yaml --store files',
  'auth user rotate admin --file cluster.yaml --store files',
  'auth user revoke admin --file cluster.yaml',
  'auth user list --file cluster.yaml --store files',
  'auth passwd --generate --out app.password',
  'config generate --file cluster.yaml --out deploy',
  'config check deploy/nodes/lab-node-1/nats-server.conf',
  'config diff --file cluster.yaml',
]

/** Each in its order, beside each other. */
export const CHAINS: readonly (readonly string[])[] = [
  AUTHORING,
  ['creds fetch', 'creds show', 'creds fetch --service facebox --out facebox.creds', 'creds clean'],
]

/** What asks and changes nothing, each with what makes it talk the most; the cluster is CLUSTER_NAME. */
export const ASKING: readonly string[] = [
  'auth init --file cluster.yaml --dry-run',
  'cert check',
  'cluster list',
  'cluster show lab',
  'completion bash',
  'completion words -- node list --cl',
  'consumer info pivot_main facebox',
  'consumer list pivot_main',
  'doctor',
  'exec -- true',
  'health',
  'lab fault list',
  'lab status lab',
  'logs bootstrap',
  'logs bootstrap --check',
  'logs insights',
  'logs query',
  'monitor varz --node 1',
  'node drain 2 --dry-run',
  'node list',
  'node logs 1',
  'node replace 2 --dry-run',
  'node run 1 -- true',
  'node session 1',
  'node status 1',
  'report accounts',
  'report connections',
  'report consumers',
  'report jetstream',
  'report raft --source monitor',
  'report streams --source account',
  'roll --dry-run',
  'roll abort --dry-run',
  'roll history',
  'roll resume --dry-run',
  'roll show last',
  'roll status',
  'service check facebox',
  'service list',
  'service show facebox',
  'service switch facebox --file services.tf --dry-run',
  'stream info pivot_main',
  'stream list',
]

/** What changes the lab, after all that asks it, in this order. */
export const CHANGING: readonly string[] = [
  'lab fault on monitor-silent --node 1',
  'lab fault off --all',
  'lab node start 1',
  'lab release',
]

/** Commands without a line, and why. */
export const WITHOUT_LINE: Readonly<Record<string, string>> = {
  'lab down': 'has a test below, with lab up',
  'lab env': 'prints the secrets of the lab, on purpose',
  'lab up': 'has a test below: its secrets are those of the lab that it makes',
  top: 'has a test below: it needs a terminal',
}
