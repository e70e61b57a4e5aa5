type Outputs = Pick<NodeJS.Process, 'stdout' | 'stderr'>

/**
 * A terminal that was closed, or a pipe whose reader left, answers every write with an error; unhandled it ends the
 * process wherever that happens to be. For work that must end where it chooses, from here to the end of the process
 * such errors are dropped, also in place of the handler that oclif installs and that throws for EIO.
 */
export function surviveLostTerminal({stdout, stderr}: Outputs = process): void {
  for (const stream of [stdout, stderr]) {
    stream.removeAllListeners('error')
    stream.on('error', () => {})
  }
}
