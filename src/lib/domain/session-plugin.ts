/** The first version that takes AWS's answer from its environment: an argument is seen by everybody on the machine. */
export const OLDEST_PLUGIN = '1.2.536.0'

/** Whether the plugin's own word about its version is that or a newer one; anything that is no version is not. */
export function isRecentPlugin(version: string): boolean {
  const given = version.trim()
  if (!/^\d+(\.\d+){1,3}$/.test(given)) return false
  const [own, oldest] = [given, OLDEST_PLUGIN].map((each) => each.split('.').map(Number))
  for (const [index, least] of (oldest ?? []).entries()) {
    const part = own?.[index] ?? 0
    if (part !== least) return part > least
  }
  return true
}

/** How to get the plugin, by Node's name of the platform. */
export function installHints(platform: string, architecture: string): readonly string[] {
  const manual =
    'https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html'
  const downloads = 'https://s3.amazonaws.com/session-manager-downloads/plugin/latest'
  if (platform === 'darwin') return ['brew install --cask session-manager-plugin', manual]
  if (platform === 'win32') return [`${downloads}/windows/SessionManagerPluginSetup.exe`, manual]
  if (platform !== 'linux') return [manual]
  const [deb, rpm] = architecture === 'arm64' ? ['ubuntu_arm64', 'linux_arm64'] : ['ubuntu_64bit', 'linux_64bit']
  const file = 'session-manager-plugin'
  return [
    `curl -LO ${downloads}/${deb}/${file}.deb && sudo dpkg -i ${file}.deb`,
    `sudo dnf install -y ${downloads}/${rpm}/${file}.rpm`,
    manual,
  ]
}

/** `4222:4222`, or `4222` for the same port at both ends; undefined for anything that is no pair of ports. */
export function parseForward(text: string): {readonly local: number; readonly remote: number} | undefined {
  const [, first = '', second = first] = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text) ?? []
  const [local, remote] = [Number(first), Number(second)]
  const isPort = (port: number): boolean => port >= 1 && port <= 65_535
  return isPort(local) && isPort(remote) ? {local, remote} : undefined
}
