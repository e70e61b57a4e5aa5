/** What a service answers in place of a result: AWS's own code, message and HTTP status. */
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure'
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}
