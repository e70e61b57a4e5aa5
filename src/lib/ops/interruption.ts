/**
 * Rejects with the signal's reason, for racing with what does not know of the signal. Only for what changes nothing:
 * what is left running ends with its own time limit, and nobody learns how.
 */
export function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), {once: true})
  })
  rejection.catch(() => {})
  return rejection
}
