import {listsAll} from '../assemble.ts'
import type {Asset} from '../assets.ts'
import {assetsOf} from './facts.ts'
import {bareNamesOf, isAccepted, isEphemeral} from './predicates.ts'
import type {RollView} from './view.ts'

/** What the names given with --accept-loss mean in a cluster. */
export interface AcceptedLosses {
  /** The same consent, each name with its account in front where it is known which one is meant. */
  readonly names: readonly string[]
  /**
   * Names that no single copy of the cluster answers to: a slip must not look like consent. Nothing is known where a
   * node did not say in full what it holds; then any name may be meant.
   */
  readonly unmatched: readonly string[]
  /** Names that single copies of several accounts or streams answer to, each with those it could mean. */
  readonly ambiguous: readonly {readonly name: string; readonly candidates: readonly string[]}[]
  /** Those there are. */
  readonly known: readonly string[]
}

/** Consent is to one account's stream, not to every one of that name, now or later in the roll. */
export function readLosses(view: RollView, accepted: readonly string[]): AcceptedLosses {
  const isSeen = view.later.nodes.every(({jetStream}) => listsAll(jetStream))
  const assets = assetsOf(view)
  const singles = assets.filter((asset) => asset.replicas === 1 && !isEphemeral(asset))
  const meant = accepted.map((name) => {
    const matches = singles.filter((asset) => isAccepted(asset, [name]))
    const candidates = [...new Set(matches.map((asset) => qualify(asset, name, assets)))]
    const covered = singles.filter((asset) => isAccepted(asset, candidates.slice(0, 1)))
    return {name, candidates, isAmbiguous: new Set([...matches, ...covered].map(streamKeyOf)).size > 1}
  })
  return {
    names: meant.map(({name, candidates: [first]}) => first ?? name),
    unmatched: isSeen ? meant.flatMap(({name, candidates}) => (candidates.length === 0 ? name : [])) : [],
    ambiguous: meant.filter(({isAmbiguous}) => isAmbiguous).map(({name, candidates}) => ({name, candidates})),
    known: singles.map((asset) => (asset.kind === 'stream' ? asset.stream : `${asset.stream}/${asset.consumer}`)),
  }
}

/**
 * The account's name in front; its id where another account bears that name as well, or where the whole would also mean
 * a consumer of a stream that is named like the account.
 */
function qualify(asset: Asset, name: string, assets: readonly Asset[]): string {
  const bare =
    bareNamesOf(asset).find((one) => name === one) ?? bareNamesOf(asset).findLast((one) => name.endsWith(`/${one}`))
  if (bare === undefined) return name
  const full = `${asset.account}/${bare}`
  const isShared = assets.some(
    (other) =>
      (other.account === asset.account && accountKeyOf(other) !== accountKeyOf(asset)) ||
      (streamKeyOf(other) !== streamKeyOf(asset) && isAccepted(other, [full])),
  )
  return isShared ? `${accountKeyOf(asset)}/${bare}` : full
}

function streamKeyOf(asset: Asset): string {
  return `${accountKeyOf(asset)}/${asset.stream}`
}

function accountKeyOf({accountId, account}: Asset): string {
  return accountId ?? account
}
