import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {relative} from 'node:path'
import {type MochaOptions, Runner, reporters} from 'mocha'

type Outcome = 'passed' | 'failed' | 'skipped'
type Counts = Readonly<Record<Outcome, number>>

const NONE: Counts = {passed: 0, failed: 0, skipped: 0}
const {EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING} = Runner.constants

/**
 * Mocha's spec, and the totals as one last line that a script can read: `12 passed, 0 failed`.
 *
 * With --reporter-option results=FILE the counts of each test file are left there, tabs between them: passed, failed,
 * skipped, test file. What is there already counts for the test files that are not run this time, so that a second
 * attempt at a few ends with the totals of all.
 */
export default class TotalsReporter extends reporters.Spec {
  readonly #counts = new Map<string, Counts>()
  readonly #results: string | undefined

  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options)
    this.#results = options.reporterOptions?.results
    runner.on(EVENT_TEST_PASS, ({file}) => this.#count(file, 'passed'))
    runner.on(EVENT_TEST_FAIL, ({file}) => this.#count(file, 'failed'))
    runner.on(EVENT_TEST_PENDING, ({file}) => this.#count(file, 'skipped'))
  }

  override epilogue(): void {
    super.epilogue()
    const results = this.#results
    const counts = new Map([...(results ? readCounts(results) : []), ...this.#counts])
    if (results) writeCounts(results, counts)
    const {passed, failed, skipped} = [...counts.values()].reduce(add, NONE)
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  }

  #count(file: string | undefined, outcome: Outcome): void {
    const name = relative('.', file ?? '')
    this.#counts.set(name, add(this.#counts.get(name) ?? NONE, {...NONE, [outcome]: 1}))
  }
}

function add(some: Counts, others: Counts): Counts {
  return {
    passed: some.passed + others.passed,
    failed: some.failed + others.failed,
    skipped: some.skipped + others.skipped,
  }
}

function readCounts(results: string): ReadonlyMap<string, Counts> {
  if (!existsSync(results)) return new Map()
  const lines = readFileSync(results, 'utf8').split('\n').filter(Boolean)
  return new Map(
    lines.map((line) => {
      const [passed, failed, skipped, file = ''] = line.split('\t')
      return [file, {passed: Number(passed), failed: Number(failed), skipped: Number(skipped)}]
    }),
  )
}

function writeCounts(results: string, counts: ReadonlyMap<string, Counts>): void {
  const lines = [...counts].map(([file, {passed, failed, skipped}]) => `${passed}\t${failed}\t${skipped}\t${file}\n`)
  writeFileSync(results, lines.join(''))
}
