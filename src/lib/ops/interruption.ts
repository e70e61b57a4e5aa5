/**
 * What `work` comes to, or a rejection with the signal's reason, whichever is first: for work that does not know of the
 * signal. Only for what changes nothing: what is left running ends with its own time limit, and nobody learns how.
 *
 * Nothing stays behind on the signal: a promise that waits for it through many races would keep what each of them came
 * to.
 */
export async function orInterrupted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const {promise: interrupted, reject} = Promise.withResolvers<never>()
  const interrupt = (): void => reject(signal.reason)
  if (signal.aborted) interrupt()
  else signal.addEventListener('abort', interrupt, {once: true})
  try {
    return await Promise.race([interrupted, work])
  } finally {
    signal.removeEventListener('abort', interrupt)
  }
}
