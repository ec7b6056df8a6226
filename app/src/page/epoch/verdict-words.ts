// The words of section 4.4 for people.

/** What each verdict and answer means. */
export const VERDICTS: Record<string, string> = {
  accepted: 'It counts.',
  stopped: 'Its SFU is stopped from an earlier batch on: by the registry, an equivocation, or a break in its chain.',
  not_valid: 'Its SFU was not registered for that epoch, or is a demo SFU in a Live one.',
  late: 'It came more than three days after the end of the epoch before.',
  chain_broken: 'It filled a gap and is not what the batch after it names as its predecessor.',
  bad_window: 'Its window is too short, too long, or overlaps another of the same SFU.',
  bad_did: 'A contributor’s DID is none.',
  bad_time: 'Its time is outside of the batch’s window.',
  duplicate: 'An earlier receipt of the batch has the same room and track.',
  no_contributors: 'It names nobody.',
  unlicensed: 'Its track is Licensed, and such tracks are not paid for.',
  bytes_over_bound: 'More bytes than its recipients could have received in that time.',
  sfu_over_capacity: 'Its SFU’s capacity for the epoch was used up.',
};

/** A word as it is read: `bytes_over_bound` → bytes over bound. */
export function spoken(word: string): string {
  return word.replaceAll('_', ' ');
}
