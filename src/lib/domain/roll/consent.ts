import {quoteForShell} from '../shell.ts'
import type {LockedRequest} from './lock.ts'

/**
 * What may be lost in a roll because somebody said so: each name of acceptedLoss as STREAM, STREAM/CONSUMER or with
 * ACCOUNT/ in front. It is one person's word: whoever goes on with somebody else's roll gives their own.
 */
export type Consent = Pick<LockedRequest, 'acceptedLoss' | 'acceptsUnseen'>

/** What of a lock's consent was not given again. */
export function consentLacking(locked: Consent, given: Consent): Consent {
  return {
    acceptedLoss: locked.acceptedLoss.filter((name) => !given.acceptedLoss.some((own) => isSame(name, own))),
    acceptsUnseen: locked.acceptsUnseen && !given.acceptsUnseen,
  }
}

/** What was given and the roll was never allowed: a slip, or a wish that comes too late. */
export function consentBeyond(locked: Consent, given: Consent): Consent {
  return {
    acceptedLoss: given.acceptedLoss.filter((own) => !locked.acceptedLoss.some((name) => isSame(name, own))),
    acceptsUnseen: given.acceptsUnseen && !locked.acceptsUnseen,
  }
}

/** A lock has the account in front of each name; whoever gave the name at first may have left it out. */
function isSame(locked: string, given: string): boolean {
  return locked === given || locked.slice(locked.indexOf('/') + 1) === given
}

/** The flags that give it, as words; none where there is nothing to give. */
export function consentFlags({acceptedLoss, acceptsUnseen}: Consent): readonly string[] {
  return [...acceptedLoss.flatMap((name) => ['--accept-loss', name]), ...(acceptsUnseen ? ['--accept-unseen'] : [])]
}

/** The command that goes on with a roll, for whoever gave this consent. To be pasted. */
export function resumeCommand(cluster: string, consent: Consent, flags: readonly string[] = []): string {
  return quoteForShell(['natsops', 'roll', 'resume', '--cluster', cluster, ...flags, ...consentFlags(consent)])
}
