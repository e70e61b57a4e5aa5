import {UsageError} from '../../errors.ts'
import type {ClusterDescription, NodeDescription} from '../description.ts'
import {PRELOAD_FILE} from '../node-config.ts'
import {monitoringOnHosts, unitFiles} from './systemd.ts'
import {anyTls, CONFIG_FILE, type GeneratedFile, type GenerateInputs, NOTICE, nodeFiles, renderYaml} from './target.ts'

/** EC2 takes no more, before base64. */
const LARGEST_BYTES = 16 * 1024

/**
 * cloud-init user data of one instance a node: the disk, the server's binary, its configuration and unit. Nothing of it
 * is secret, because every process of the instance and whoever may describe it can read user data: certificates and
 * keys come out of SSM parameters `<prefix>/tls/<node>/ca.crt`, `server.crt` and `server.key`.
 */
export async function userDataFiles(inputs: GenerateInputs): Promise<readonly GeneratedFile[]> {
  const {description} = inputs
  const documents = await Promise.all(
    description.nodes.map(async (node) => {
      const text = await userData(inputs, node)
      const bytes = Buffer.byteLength(text)
      if (bytes > LARGEST_BYTES) {
        throw new UsageError(`the user data of ${node.name} would have ${bytes} bytes, EC2 takes ${LARGEST_BYTES}`, [
          'use --target systemd and build the files into the machine image',
        ])
      }
      return {path: `nodes/${node.name}/user-data.yaml`, text, secret: false}
    }),
  )
  return [...documents, ...(await monitoringOnHosts(inputs))]
}

async function userData(inputs: GenerateInputs, node: NodeDescription): Promise<string> {
  const {description} = inputs
  const {user, configDirectory, binary} = description.deploy
  const [unit] = unitFiles(description, node)
  const own = nodeFiles(inputs, node).map(({path, text}) => ({
    path: `${configDirectory}/${path.endsWith(PRELOAD_FILE) ? PRELOAD_FILE : CONFIG_FILE}`,
    content: text,
    permissions: '0644',
  }))
  const document = {
    users: ['default', {name: user, system: true, no_create_home: true, shell: '/usr/sbin/nologin'}],
    write_files: [
      ...own,
      {path: '/etc/systemd/system/nats.service', content: unit?.text ?? '', permissions: '0644'},
      {path: '/etc/systemd/system/nats-store.service', content: STORE_UNIT, permissions: '0644'},
      {path: '/usr/local/sbin/nats-store', content: storeScript(node, user), permissions: '0755'},
      {path: '/usr/local/sbin/nats-setup', content: setupScript(inputs, node, binary), permissions: '0755'},
    ],
    runcmd: [['/usr/local/sbin/nats-setup']],
  }
  return `#cloud-config\n${await renderYaml([document])}`
}

/** Before every start: an instance that was stopped comes back with an empty disk. */
const STORE_UNIT = `[Unit]
Description=The local disk for JetStream
Before=nats.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/nats-store

[Install]
RequiredBy=nats.service
`

function storeScript({storeDirectory}: NodeDescription, user: string): string {
  return `#!/bin/sh
# ${NOTICE}
# The instance's own NVMe disk at ${storeDirectory}. What is on it already is kept.
set -eu
mkdir -p ${storeDirectory}
if ! mountpoint -q ${storeDirectory}; then
  disk=$(lsblk --nodeps --noheadings --output PATH,MODEL | grep 'Instance Storage' | head -n 1 | cut -d ' ' -f 1 || true)
  if [ -n "$disk" ]; then
    blkid "$disk" >/dev/null || mkfs.xfs -q "$disk"
    mount -o noatime "$disk" ${storeDirectory}
  else
    echo 'no instance store: JetStream writes to the root volume' >&2
  fi
fi
chown ${user}:${user} ${storeDirectory}
chmod 0750 ${storeDirectory}
`
}

function setupScript({description, ssmPrefix}: GenerateInputs, node: NodeDescription, binary: string): string {
  return `#!/bin/sh
# ${NOTICE}
set -eu
${installScript(description, binary)}${anyTls(description) ? tlsScript(node, `${ssmPrefix}/tls/${node.name}`, description.deploy.user) : ''}${logScript(description)}systemctl daemon-reload
systemctl enable --now nats-store.service nats.service
`
}

/** The release is checked against its own list of checksums; a machine image may bring the server along. */
function installScript({version, deploy}: ClusterDescription, binary: string): string {
  const release = version ?? deploy.image.match(/:(\d+\.\d+\.\d+)/)?.[1]
  if (release === undefined) return ''
  return `if ! [ -x ${binary} ]; then
  case $(uname -m) in aarch64) arch=arm64 ;; *) arch=amd64 ;; esac
  name=nats-server-v${release}-linux-$arch
  url=https://github.com/nats-io/nats-server/releases/download/v${release}
  work=$(mktemp -d)
  cd "$work"
  curl -fsSL --retry 5 -O "$url/$name.tar.gz" -O "$url/SHA256SUMS"
  grep " $name.tar.gz\\$" SHA256SUMS | sha256sum -c -
  tar -xzf "$name.tar.gz"
  install -m 0755 "$name/nats-server" ${binary}
  cd /
  rm -r "$work"
fi
`
}

function tlsScript({tlsDirectory}: NodeDescription, prefix: string, user: string): string {
  return `install -d -m 0755 -o ${user} -g ${user} ${tlsDirectory}
for file in ca.crt server.crt server.key; do
  umask 077
  aws ssm get-parameter --with-decryption --name "${prefix}/$file" --query Parameter.Value --output text > ${tlsDirectory}/$file.new
  chown ${user}:${user} ${tlsDirectory}/$file.new
  mv ${tlsDirectory}/$file.new ${tlsDirectory}/$file
done
chmod 0644 ${tlsDirectory}/ca.crt ${tlsDirectory}/server.crt
`
}

function logScript({log, deploy: {user}}: ClusterDescription): string {
  if (log.file === undefined) return ''
  return `install -d -m 0750 -o ${user} -g ${user} "$(dirname ${log.file})"\n`
}
