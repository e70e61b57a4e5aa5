import {type Runner, reporters, type Test} from 'mocha'

/** Mocha's spec, and the totals as one last line that a script can read: `12 passed, 0 failed`. */
export default class TotalsReporter extends reporters.Spec {
  constructor(runner: Runner, options?: ConstructorParameters<typeof reporters.Spec>[1]) {
    super(runner, options)
    runner.on('retry', (test: Test, error: Error) => console.log(`    FLAKY ${test.fullTitle()}: ${error.message}`))
  }

  override epilogue(): void {
    super.epilogue()
    const {passes = 0, failures = 0, pending = 0} = this.stats ?? ({} as Partial<Runner['stats'] & object>)
    console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`)
  }
}
