/** What the work wrote to the two outputs, whole. */
export interface Captured<T> {
  readonly stdout: string
  readonly stderr: string
  readonly result: PromiseSettledResult<T>
}

export interface CaptureOptions {
  /** Columns of the terminal the outputs pretend to be; a pipe where absent. */
  readonly columns?: number | undefined
}

/** Runs the work with stdout and stderr of this process caught, as pipes whatever the test itself runs in. */
export async function captureOutput<T>(work: () => Promise<T>, {columns}: CaptureOptions = {}): Promise<Captured<T>> {
  const text = {stdout: '', stderr: ''}
  const restore = (['stdout', 'stderr'] as const).map((name) =>
    replaceProperties(process[name], {
      isTTY: columns !== undefined,
      columns,
      write: (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
        text[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
        const done = rest.at(-1)
        if (typeof done === 'function') done()
        return true
      },
    }),
  )
  try {
    const [result] = await Promise.allSettled([work()])
    return {...text, result}
  } finally {
    for (const undo of restore) undo()
  }
}

/** Shadows properties of an object, own or inherited; the returned function puts everything back as it was. */
function replaceProperties(target: object, values: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(values).map((name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const)
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, {value, configurable: true, writable: true})
  }
  return () => {
    for (const [name, descriptor] of before) {
      Reflect.deleteProperty(target, name)
      if (descriptor) Object.defineProperty(target, name, descriptor)
    }
  }
}
