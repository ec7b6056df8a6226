// A sealed epoch as a service serves it: recomputed from what it serves, compared with what the chain holds.

import { verifyProof, type BatchFile, type EpochAccount, type ProofBundle, type RecomputedEpoch } from '@mycelia/radio-payouts';
import { decimal, exactBloom } from '../format/amount';
import { chainRoot } from './chain-root';
import { Fault, type Checklist } from './checklist';
import type { Job, Outcome, Report } from './messages';
import { recompute } from './recompute';

type Served = Extract<Job, { kind: 'served' }>;

async function bytesAt(url: string): Promise<Uint8Array> {
  const response = await fetch(url, { cache: 'no-store' });
  if (!response.ok) throw new Fault(`${url}: the service answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function optional(url: string): Promise<Uint8Array | undefined> {
  const response = await fetch(url, { cache: 'no-store' });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Fault(`${url}: the service answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Names of all files of an epoch. */
async function names(base: string): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const url: string = `${base}/files?limit=1000${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const answer = JSON.parse(new TextDecoder().decode(await bytesAt(url))) as {
      data: { items: { name: string }[]; next: string | null };
    };
    found.push(...answer.data.items.map((item) => item.name));
    cursor = answer.data.next;
  } while (cursor !== null);
  return found;
}

function fileUrl(base: string, name: string): string {
  return `${base}/files/${name.split('/').map(encodeURIComponent).join('/')}`;
}

/** Verifies; every step is told as it is done. */
export async function served(job: Served, checks: Checklist, tell: (report: Report) => void): Promise<Outcome> {
  const base = `${job.api}/epochs/${encodeURIComponent(job.epoch)}`;
  const root = job.chain === undefined ? undefined : await chainRoot(checks, 'chain', job.chain, job.epoch);
  if (job.chain === undefined) {
    checks.leaveOut('chain-root', 'The root in force, read from the chain', 'No RPC node is given.');
  }
  const proven = job.did === undefined ? undefined : await proof(checks, base, job.did, root);
  const files = await checks.run('files', 'The files of the sealed epoch', async () => {
    const value = await names(base);
    return { value, detail: `${value.length} files are served.` };
  });
  let recomputed: RecomputedEpoch | undefined;
  if (files !== undefined) {
    const parent = root?.parentEpoch ?? undefined;
    const started = await checks.run('documents', 'Manifest and history', async () => {
      const manifest = await bytesAt(fileUrl(base, 'manifest.json'));
      const history = files.includes('history.parquet') ? await bytesAt(fileUrl(base, 'history.parquet')) : undefined;
      const parentManifest = parent === undefined ? undefined : await optional(`${job.api}/epochs/${parent}/files/manifest.json`);
      return { value: { manifest, history, parentManifest }, detail: `${manifest.length} bytes of manifest.json.` };
    });
    if (started !== undefined) {
      const batches = files.filter((name) => name.startsWith('batches/') && name.endsWith('.ndjson'));
      const input = {
        ...started,
        batches: fetched(base, batches),
        payoutsCsv: () => optional(fileUrl(base, 'payouts.csv')),
      };
      recomputed = await recompute(checks, 'epoch', input, root === undefined ? undefined : { chain: root }, tell);
    }
  }
  if (job.did !== undefined && recomputed !== undefined) await own(checks, job.did, recomputed, proven);
  return outcome(checks, job, root);
}

async function* fetched(base: string, names: string[]): AsyncGenerator<BatchFile> {
  for (const name of names) yield { name, bytes: await bytesAt(fileUrl(base, name)) };
}

async function proof(checks: Checklist, base: string, did: string, root: EpochAccount | undefined): Promise<ProofBundle | undefined> {
  return checks.run('proof', 'The proof of this share', async () => {
    const response = await fetch(`${base}/contributors/${encodeURIComponent(did)}/proof`, { cache: 'no-store' });
    const body = (await response.json()) as { data?: ProofBundle; message?: string };
    if (!response.ok || body.data === undefined) throw new Fault(body.message ?? `the service answered ${response.status}`);
    const bundle = body.data;
    if (bundle.share.did !== did) throw new Fault(`the proof is of ${bundle.share.did}`);
    const trusted = root ?? bundle.statement.payouts[Math.floor(bundle.share.index / 2 ** 20)];
    if (trusted === undefined) throw new Fault('the proof’s index is beyond the trees');
    const result = verifyProof(bundle, trusted);
    if (!result.valid) throw new Fault(`${result.explanation} (${result.fault})`);
    return {
      value: bundle,
      detail: `Leaf ${result.index} pays ${exactBloom(decimal(result.amountBaseUnits))} BLOOM${result.payee === null ? ' to the binding of the DID' : ` to ${result.payee}`}; ${bundle.siblings.length} siblings lead to the root ${root === undefined ? 'that the proof itself names' : 'on chain'}.`,
    };
  });
}

async function own(checks: Checklist, did: string, recomputed: RecomputedEpoch, bundle: ProofBundle | undefined): Promise<void> {
  await checks.run('own', 'This contributor’s line of the recomputed epoch', () => {
    const payout = recomputed.payouts.find((payout) => payout.did === did);
    if (payout === undefined) throw new Fault(`no accepted receipt names ${did}`);
    if (bundle !== undefined && (payout.index !== bundle.share.index || payout.amount !== bundle.share.amount_base_units)) {
      throw new Fault(
        `recomputed: leaf ${payout.index ?? 'none'} with ${payout.amount} base units; proven: leaf ${bundle.share.index} with ${bundle.share.amount_base_units}`,
      );
    }
    return {
      value: true,
      detail: `${exactBloom(decimal(payout.amount))} BLOOM for ${payout.effectiveBytes} effective of ${payout.bytes} bytes${bundle === undefined ? '' : ', as proven'}.`,
    };
  });
}

function outcome(checks: Checklist, job: Served, root: EpochAccount | undefined): Outcome {
  const against = root === undefined ? 'itself' : 'chain';
  if (checks.failed !== undefined) return { passed: false, against, message: checks.failed };
  const message =
    root === undefined
      ? `Everything that is served of epoch ${job.epoch} agrees with its signed batches. The chain was not read: that this is what it holds is not shown.`
      : `Epoch ${job.epoch} as served here is what the chain holds, from the signed batches to every share.`;
  return { passed: true, against, message };
}
