// A whole epoch, recomputed from its signed batches and compared.

import {
  compareWithChain,
  comparePayouts,
  recomputeEpoch,
  type BatchFile,
  type EpochAccount,
  type RecomputedEpoch,
} from '@mycelia/radio-payouts';
import { exactBloom, decimal, grouped } from '../format/amount';
import { exactBytes } from '../format/bytes';
import { Fault, refuse, type Checklist } from './checklist';
import type { Report } from './messages';

/** An epoch's files, wherever they are. */
export interface EpochFiles {
  manifest: Uint8Array;
  batches: AsyncIterable<BatchFile>;
  history: Uint8Array | undefined;
  parentManifest: Uint8Array | undefined;
  payoutsCsv: () => Promise<Uint8Array | undefined>;
}

/** What the recomputation is compared with. */
export type Trusted = { chain: EpochAccount } | { commitment: string } | undefined;

/** Recomputes and compares; `undefined` if the files contradict themselves. */
export async function recompute(
  checks: Checklist,
  id: string,
  files: EpochFiles,
  trusted: Trusted,
  tell: (report: Report) => void,
): Promise<RecomputedEpoch | undefined> {
  const recomputed = await checks.run(`${id}-recompute`, 'The whole epoch, recomputed from its signed batches', async () => {
    const started = performance.now();
    const value = await recomputeEpoch({
      manifest: files.manifest,
      batches: files.batches,
      ...(files.history === undefined ? {} : { history: files.history }),
      ...(files.parentManifest === undefined ? {} : { parentManifest: files.parentManifest }),
      onProgress: ({ stage, batches, batchesExpected, bytes }) => tell({ kind: 'progress', stage, batches, batchesExpected, bytes }),
    });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const batches = Object.values(value.batches).reduce((sum, count) => sum + count, 0);
    return {
      value,
      detail: `${grouped(BigInt(batches))} batches with every signature, ${grouped(BigInt(value.payouts.length))} contributors, ${exactBytes(decimal(value.totals.bytes))}, in ${seconds} s.`,
      facts: [
        ['Commitment', value.commitment],
        ['Pool', `${exactBloom(decimal(value.statement.pool))} BLOOM`],
        ['Allocated', `${exactBloom(decimal(value.totals.allocated_base_units))} BLOOM`],
        ['Parent’s manifest', value.parentCompared ? 'compared' : 'not at hand'],
      ],
    };
  });
  if (recomputed === undefined) return undefined;
  await against(checks, id, recomputed, trusted);
  await checks.run(`${id}-manifest`, 'The manifest claims what follows from the batches', () => {
    refuse(recomputed.manifestDifference);
    return { value: true, detail: 'Statement, verdicts, totals and state after the epoch agree.' };
  });
  await payouts(checks, id, files, recomputed);
  return recomputed;
}

async function against(checks: Checklist, id: string, recomputed: RecomputedEpoch, trusted: Trusted): Promise<void> {
  const title = 'The recomputed commitment is the one on chain';
  if (trusted === undefined) {
    checks.leaveOut(`${id}-compare`, title, 'The chain was not read: compare the commitment above with it.');
  } else if ('chain' in trusted) {
    await checks.run(`${id}-compare`, title, () => {
      refuse(compareWithChain(trusted.chain, recomputed));
      return { value: true, detail: `Domain, epoch and every field of the statement agree: ${recomputed.commitment}.` };
    });
  } else {
    await checks.run(`${id}-compare`, 'The recomputed commitment is the one that you gave', () => {
      if (trusted.commitment !== recomputed.commitment) {
        throw new Fault(`the batches lead to ${recomputed.commitment}, you gave ${trusted.commitment}`);
      }
      return { value: true, detail: recomputed.commitment };
    });
  }
}

async function payouts(checks: Checklist, id: string, files: EpochFiles, recomputed: RecomputedEpoch): Promise<void> {
  const title = 'payouts.csv, compared leaf by leaf';
  const csv = await files.payoutsCsv();
  if (csv === undefined) {
    checks.leaveOut(`${id}-payouts`, title, 'There is no payouts.csv.');
    return;
  }
  await checks.run(`${id}-payouts`, title, () => {
    refuse(comparePayouts(csv, recomputed));
    return { value: true, detail: `All ${grouped(BigInt(recomputed.payouts.length))} lines agree in every field.` };
  });
}
