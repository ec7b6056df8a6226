// The three words of section 12, each with a mark of its own so that colour is never all that tells them apart.

import type { Standing as Word } from '../api/types';

/** What every result carries until an epoch is ratified. */
export const NOTICE = 'Provisional calculation for demonstration. Mainnet payouts require governance approval.';

const MEANING: Record<Word, string> = {
  estimate: 'Computed over an epoch that is not sealed: it has no proof and changes with every batch.',
  provisional: 'Posted or sealed, and not ratified.',
  ratified: 'Ratified on chain.',
};

const MARK: Record<Word, string> = { estimate: '◌', provisional: '◐', ratified: '●' };

export function Standing({ standing }: { standing: Word }) {
  return (
    <span class={`badge standing-${standing}`} title={MEANING[standing]}>
      <span aria-hidden="true">{MARK[standing]}</span> {standing}
    </span>
  );
}

/** The notice, unless everything is ratified. */
export function Notice({ standing }: { standing: Word | undefined }) {
  if (standing === undefined || standing === 'ratified') return null;
  return <p class="notice">{NOTICE}</p>;
}

const STATES: Record<string, string> = {
  open: 'No root is in force.',
  posted: 'A root is in force and may be disputed.',
  disputed: 'A dispute of its root is open.',
  final: 'The challenge window is over and the parent is final.',
  ratified: 'Shares may be claimed.',
  closed: 'The claim window is over.',
  revoked: 'The root was withdrawn.',
};

/** Where an epoch stands on chain. */
export function State({ status, contested = false }: { status: string | null; contested?: boolean }) {
  const word = status ?? 'not posted';
  return (
    <span class={`badge state state-${status ?? 'none'}`} title={STATES[word] ?? 'Nothing was posted for it yet.'}>
      {word}
      {contested ? ', contested' : ''}
    </span>
  );
}
