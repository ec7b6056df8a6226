import type { EpochAccount } from './chain.js';
import { call } from './core.js';
import type { Difference } from './errors.js';
import type { Statement } from './proofs.js';
import type { Payout, RecomputedEpoch } from './recompute.js';

/** The first field in which a statement that was found differs from the recomputed one. */
export function compareStatement(found: Statement, recomputed: RecomputedEpoch): Difference | null {
  return compareStatements(found, recomputed, 'statement');
}

/** The first difference from the chain: domain, root in force, epoch, then the statement's fields, then mode. */
export function compareWithChain(account: EpochAccount, recomputed: RecomputedEpoch): Difference | null {
  const facts: [field: string, found: string, recomputed: string][] = [
    ['domain', account.domain, recomputed.deployment.domain],
    ['epoch', account.epoch, recomputed.epoch],
    ['root in force', account.hasRoot ? 'yes' : `none (${account.status})`, 'yes'],
  ];
  return (
    firstOf(facts, recomputed.epoch) ??
    compareStatements(account.statement, recomputed, 'chain') ??
    firstOf(
      [
        ['commitment', account.commitment, recomputed.commitment],
        ['mode', account.mode, recomputed.mode],
      ],
      recomputed.epoch,
    )
  );
}

function firstOf(facts: [field: string, found: string, recomputed: string][], epoch: string): Difference | null {
  const differing = facts.find(([, found, recomputed]) => found !== recomputed);
  if (!differing) return null;
  const [field, found, recomputed] = differing;
  const message = `epoch ${epoch}: ${field} is ${found} on chain, recomputed ${recomputed}`;
  return { subject: 'chain', message, field, found, recomputed };
}

function compareStatements(found: Statement, recomputed: RecomputedEpoch, subject: string): Difference | null {
  const [theirs, ours] = [JSON.stringify(found), JSON.stringify(recomputed.statement)];
  const difference = call((core) => core.compare_statements(theirs, ours, subject));
  return difference === undefined ? null : (JSON.parse(difference) as Difference);
}

/**
 * The first difference of a served `payouts.csv` from the recomputed payouts: which leaf, which DID, which column.
 *
 * The file must be the settler's to the byte.
 */
export function comparePayouts(csv: Uint8Array | string, recomputed: RecomputedEpoch): Difference | null {
  // To the byte: a byte order mark is a difference.
  const text = typeof csv === 'string' ? csv : new TextDecoder('utf-8', { ignoreBOM: true }).decode(csv);
  const lines = text.split('\n');
  const head = call((core) => core.payouts_csv_head());
  if (lines[0] !== head) return differentLine(1, undefined, lines[0] ?? '', head);
  for (const [position, payout] of recomputed.payouts.entries()) {
    const fields = fieldsOf(payout);
    const [number, line, ours] = [position + 2, lines[position + 1], fields.join(',')];
    if (line === ours) continue;
    // The last piece is what stands behind the last line end.
    if (line === undefined || (line === '' && number === lines.length)) return differentLine(number, payout, '', ours);
    const theirs = line.split(',');
    const column = fields.findIndex((field, at) => field !== theirs[at]);
    if (theirs.length !== fields.length) return differentLine(number, payout, line, ours);
    return differentLine(number, payout, theirs[column] ?? '', fields[column] ?? '', head.split(',')[column]);
  }
  const rest = lines.slice(recomputed.payouts.length + 1);
  if (rest.length === 1 && rest[0] === '') return null;
  return differentLine(recomputed.payouts.length + 2, undefined, rest[0] ?? 'no line end', '');
}

/** The fields of a payout's line, in the order of the file's head. */
function fieldsOf(payout: Payout): string[] {
  const { index, did, payee, bytes, effectiveBytes, raw, amount, reason } = payout;
  return [index === null ? '' : String(index), did, payee ?? '', bytes, effectiveBytes, raw, amount, reason ?? ''];
}

function differentLine(
  line: number,
  payout: Payout | undefined,
  found: string,
  recomputed: string,
  column?: string,
): Difference {
  const who = payout === undefined ? '' : ` (${payout.index === null ? 'no leaf' : `leaf ${payout.index}`}, ${payout.did})`;
  const shown = found.length > 160 ? `${found.slice(0, 160)}…` : found;
  const what =
    column !== undefined
      ? `: ${column} is "${shown}", recomputed "${recomputed}"`
      : found === ''
        ? ` is missing, recomputed "${recomputed}"`
        : recomputed === ''
          ? `: "${shown}" belongs to nobody in this epoch`
          : ` is "${shown}", recomputed "${recomputed}"`;
  return {
    subject: 'payouts',
    message: `payouts.csv line ${line}${who}${what}`,
    file: 'payouts.csv',
    line,
    found: shown,
    recomputed,
    ...(column === undefined ? {} : { field: column }),
    ...(payout === undefined ? {} : { did: payout.did }),
    ...(payout === undefined || payout.index === null ? {} : { leafIndex: payout.index }),
  };
}
