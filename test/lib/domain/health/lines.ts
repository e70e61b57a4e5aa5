import {titleOf} from '../../../../src/lib/domain/health/finding.ts'
import {judgeHealth} from '../../../../src/lib/domain/health.ts'
import {type Situation, situation} from '../../../support/situation.ts'

/** Every finding of a situation in one line each, so that a test sees what else it set off: nothing. */
export function findingsOf(given: Situation = {}): readonly string[] {
  return judgeHealth(situation(given)).findings.map(({severity, code, nodes, message}) =>
    [severity, code, nodes.join(',') || '-', message].join(' | '),
  )
}

/** Streams and consumers of the findings of one code. */
export function assetsOf(code: string, given: Situation): readonly string[] {
  return judgeHealth(situation(given))
    .findings.filter((each) => each.code === code)
    .flatMap(({assets}) => assets.map(titleOf))
}
