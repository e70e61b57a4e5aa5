import assert from 'node:assert/strict'
import {judgePages, type MonitorPageName, type PagesVerdict, pathOf} from '../../../src/lib/domain/monitor-pages.ts'

describe('monitor pages', () => {
  const none = undefined
  const cases: readonly [page: MonitorPageName, statuses: readonly (number | undefined)[], verdict: PagesVerdict][] = [
    ['varz', [200, 200, 200], 'ok'],
    ['varz', [200, none, 200], 'unreachable'],
    ['varz', [200, 500], 'unreachable'],
    ['varz', [403, none], 'denied'],
    ['raftz', [200, 404, none], 'not-found'],
    ['jsz', [400, 400], 'bad-request'],
    ['healthz', [200, 200], 'ok'],
    ['healthz', [200, 503, 200], 'degraded'],
    ['healthz', [200, none], 'degraded'],
    ['healthz', [503, none, 500], 'critical'],
    ['healthz', [none, none], 'unreachable'],
    ['healthz', [404, 404], 'not-found'],
  ]
  for (const [page, statuses, verdict] of cases) {
    it(`${page} with ${statuses.map((status) => status ?? 'silence').join(', ')} is ${verdict}`, () => {
      assert.equal(judgePages(page, statuses), verdict)
    })
  }

  it('puts parameters into the path, whatever is in them', () => {
    assert.equal(pathOf('expvarz', []), '/debug/vars')
    assert.equal(
      pathOf('jsz', [
        ['acc', 'A&B=c d/é#?'],
        ['limit', '1'],
      ]),
      '/jsz?acc=A%26B%3Dc%20d%2F%C3%A9%23%3F&limit=1',
    )
  })
})
