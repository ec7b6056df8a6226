import type { Params } from './calculator.js';
import { call } from './core.js';
import { RadioPayoutsError, type Difference } from './errors.js';
import { readHistoryBefore } from './history.js';
import type { Deployment, Statement } from './proofs.js';
import { toBytes, type Address, type Decimal, type Hex } from './values.js';

/** A file of signed envelopes: `batches/<key>.ndjson` of an epoch's folder. */
export interface BatchFile {
  /** Its name, for messages. */
  name: string;
  bytes: Uint8Array;
}

/** What an epoch is recomputed from: files of its folder. */
export interface RecomputeInput {
  /** `manifest.json`. */
  manifest: Uint8Array | string;
  /** `batches/*.ndjson`, in any order. An async iterable can fetch them one by one. */
  batches: Iterable<BatchFile> | AsyncIterable<BatchFile>;
  /** `history.parquet`. Needed if somebody was active before; checked against the commitment of the parent. */
  history?: Uint8Array | undefined;
  /** `manifest.json` of the parent: what this epoch says of the parent's cursors is then compared with it. */
  parentManifest?: Uint8Array | string | undefined;
  /** Called after every piece of work. */
  onProgress?: ((progress: RecomputeProgress) => void) | undefined;
  /** Stops the work: {@link recomputeEpoch} then throws `aborted`. */
  signal?: AbortSignal | undefined;
}

/** How far a recomputation has come. */
export interface RecomputeProgress {
  stage: 'reading' | 'checking signatures' | 'settling' | 'done';
  /** Batches whose signatures hold so far. */
  batches: number;
  /** Bytes of batch files worked through so far. */
  bytes: number;
  /** How many batches the manifest speaks of. */
  batchesExpected: number;
}

/** One contributor's line. */
export interface Payout {
  /** Global index of the leaf; `null` without one. */
  index: number | null;
  did: string;
  didHash: Hex;
  /** `null` if the DID has none of its own. */
  payee: Address | null;
  /** Accepted bytes. */
  bytes: Decimal;
  effectiveBytes: Decimal;
  /** Base units before the cap. */
  raw: Decimal;
  /** Base units. */
  amount: Decimal;
  /** Why there is no leaf. */
  reason: 'below_minimum' | 'below_raised_minimum' | null;
}

/** Sums of an epoch as they stand in a manifest. */
export interface Totals {
  bytes: Decimal;
  paid_bytes: Decimal;
  effective_bytes: Decimal;
  cap_base_units: Decimal;
  minimum_base_units: Decimal;
  allocated_base_units: Decimal;
  unallocated_base_units: Decimal;
  contributors: number;
}

/** A recomputed epoch: plain data, which `postMessage` can carry. */
export interface RecomputedEpoch {
  epoch: Decimal;
  mode: 'demo' | 'live';
  deployment: Deployment;
  params: Params;
  /** What the signed batches lead to. */
  commitment: Hex;
  statement: Statement;
  totals: Totals;
  /** Everybody, by `didHash`: the order of the leaves. */
  payouts: Payout[];
  /** Number of batches by verdict: `accepted`, or one of section 4.4. */
  batches: Record<string, number>;
  /** Number of receipts of accepted batches, by verdict. */
  receipts: Record<string, number>;
  /** The first difference from what the manifest itself claims. */
  manifestDifference: Difference | null;
  /** Whether the parent's manifest was given, and agrees. */
  parentCompared: boolean;
}

/** Bytes of envelopes that are checked at a time. */
const PIECE_BYTES = 128 * 1024;
/** How long a page may stand still, in milliseconds. */
const BREATH_MS = 25;
/** Payouts that are fetched from the module at a time. */
const PAYOUTS_AT_A_TIME = 10_000;
const LINE_END = 10;

/**
 * Recomputes an epoch from its signed batches: every signature, verdict, cell, weight, amount, tree and the commitment, by the
 * same code as `settler verify --offline`.
 *
 * Nothing in the files is believed but signatures. What an epoch rests on besides (parameters, registry, the parent) stands in
 * the manifest and enters the result: compare it with the chain by `compareWithChain`.
 *
 * Throws {@link DifferenceError} if the files contradict themselves, `malformed` for what is no manifest or history.
 */
export async function recomputeEpoch(input: RecomputeInput): Promise<RecomputedEpoch> {
  const work = new Work(input);
  work.report('reading');
  const manifest = toBytes(input.manifest);
  const parent = input.parentManifest === undefined ? undefined : toBytes(input.parentManifest);
  const history = input.history === undefined ? [] : await readHistoryBefore(input.history);
  const records = JSON.stringify(history);
  const recomputation = call((core) => new core.EpochRecomputation(manifest, records, parent));
  try {
    work.batchesExpected = call((core) => core.EpochRecomputation.batches_expected(manifest)) ?? 0;
    for await (const file of input.batches) {
      let line = 1;
      for (const piece of pieces(file.bytes)) {
        const count = call(() => recomputation.add_lines(file.name, line, piece));
        line += count;
        work.batches += count;
        work.bytes += piece.length;
        await work.pause('checking signatures');
      }
    }
    work.report('settling');
    await work.pause('settling', true);
    call(() => recomputation.settle());
    const summary = JSON.parse(call(() => recomputation.summary())) as Omit<RecomputedEpoch, 'payouts'>;
    const payouts: Payout[] = [];
    const contributors = call(() => recomputation.contributors());
    while (payouts.length < contributors) {
      const from = payouts.length;
      const page = JSON.parse(call(() => recomputation.payouts(from, PAYOUTS_AT_A_TIME))) as Payout[];
      for (const payout of page) payouts.push(payout);
      await work.pause('settling');
    }
    work.report('done');
    return { ...summary, payouts };
  } finally {
    recomputation.free();
  }
}

/** Cuts a file into pieces of whole lines. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LINE_END, Math.min(start + PIECE_BYTES, bytes.length) - 1);
    const end = found === -1 ? bytes.length : found + 1;
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** Tells how far the work has come, lets the page breathe, and stops when it is asked to. */
class Work {
  batches = 0;
  bytes = 0;
  batchesExpected = 0;
  private breathed = Date.now();

  constructor(private readonly input: RecomputeInput) {}

  report(stage: RecomputeProgress['stage']): void {
    if (this.input.signal?.aborted) throw new RadioPayoutsError('aborted', 'the recomputation was stopped');
    const { batches, bytes, batchesExpected } = this;
    this.input.onProgress?.({ stage, batches, bytes, batchesExpected });
  }

  async pause(stage: RecomputeProgress['stage'], always = false): Promise<void> {
    this.report(stage);
    if (!always && Date.now() - this.breathed < BREATH_MS) return;
    await new Promise((resume) => setTimeout(resume, 0));
    this.breathed = Date.now();
    if (this.input.signal?.aborted) throw new RadioPayoutsError('aborted', 'the recomputation was stopped');
  }
}
