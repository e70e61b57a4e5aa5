import {reporters} from 'mocha'

/** Mocha's spec, and the totals as one last line that a script can read: `12 passed, 0 failed`. */
export default class TotalsReporter extends reporters.Spec {
  override epilogue(): void {
    super.epilogue()
    const {passes, failures, pending} = this.stats
    console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`)
  }
}
