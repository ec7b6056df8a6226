import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import {
  DifferenceError,
  comparePayouts,
  compareStatement,
  compareWithChain,
  configAddress,
  decodeEpochAccount,
  epochAddress,
  recomputeEpoch,
  verifyProof,
  type BatchFile,
  type Payout,
  type ProofBundle,
  type RecomputeInput,
  type RecomputeProgress,
} from '@mycelia/radio-payouts';

import { generated, generatedFolder, published } from './files.js';

interface Line {
  manifest: string;
  parentManifest: string | null;
  batches: { name: string; text: string }[];
  history: string;
  payoutsCsv: string;
  commitment: string;
  payouts: Payout[];
  account: string;
  proof: ProofBundle | null;
}

const encode = (text: string) => new TextEncoder().encode(text);
const files = (line: Line): BatchFile[] => line.batches.map(({ name, text }) => ({ name, bytes: encode(text) }));
const account = (line: Line) => decodeEpochAccount(Buffer.from(line.account, 'base64'));
const input = (line: Line): RecomputeInput => ({
  manifest: line.manifest,
  batches: files(line),
  history: Buffer.from(line.history, 'base64'),
  parentManifest: line.parentManifest ?? undefined,
});

/** Epochs of worlds with something in them: the first has demo parameters and no parent, the second a parent. */
const [first, second] = (() => {
  const lines = generated<Line>('epochs.jsonl');
  return [lines.next().value as Line, lines.next().value as Line];
})();

async function differs(input: RecomputeInput): Promise<DifferenceError['difference']> {
  try {
    await recomputeEpoch(input);
  } catch (error) {
    assert.ok(error instanceof DifferenceError, String(error));
    assert.equal(error.message, error.difference.message);
    return error.difference;
  }
  return assert.fail('nothing was found');
}

test('what is no manifest or history is malformed', async () => {
  for (const manifest of ['', '{', '{}', 'null']) {
    await assert.rejects(recomputeEpoch({ ...input(first), manifest }), { code: 'malformed' });
  }
  const format = first.manifest.replace('radio-payouts/epoch/v1', 'radio-payouts/epoch/v2');
  await assert.rejects(recomputeEpoch({ ...input(first), manifest: format }), { code: 'malformed', message: /format/ });
  for (const history of [new Uint8Array(0), encode('PAR1 nothing PAR1'), new Uint8Array(4_096)]) {
    await assert.rejects(recomputeEpoch({ ...input(second), history }), { code: 'malformed', message: /history/ });
  }
});

test('an altered signature, line or batch is named by file, line, SFU and seq', async () => {
  const [file, ...others] = files(second);
  const lines = new TextDecoder().decode(file!.bytes).split('\n');
  const altered = (line: number, change: (text: string) => string): BatchFile[] => {
    const text = lines.map((text, index) => (index === line ? change(text) : text)).join('\n');
    return [{ name: file!.name, bytes: encode(text) }, ...others];
  };
  const sfu = (JSON.parse(lines[0]!) as { batch: { sfu: string } }).batch.sfu;
  const signature = await differs({
    ...input(second),
    batches: altered(0, (text) => text.slice(0, -3) + (text.at(-3) === '0' ? '1' : '0') + text.slice(-2)),
  });
  assert.match(signature.message, /line 1 \(SFU did:key:.*, seq .*\): bad_signature/);
  assert.deepEqual([signature.subject, signature.line, signature.sfu], ['batches', 1, sfu]);
  const amount = await differs({ ...input(second), batches: altered(0, (text) => text.replace(/"bytesOut":\d/, '"bytesOut":9')) });
  assert.equal(amount.subject, 'batches');
  const broken = await differs({ ...input(second), batches: altered(0, (text) => text.replace('{', '[')) });
  assert.match(broken.message, /line 1 \(SFU did:key:.*\): malformed/);
  const twice = await differs({ ...input(second), batches: altered(0, (text) => `${text}\n${text}`) });
  assert.match(twice.message, /there twice/);
  assert.equal(twice.line, 2);
});

test('a manifest that is not of these batches is told by its field', async () => {
  const missing = await recomputeEpoch({ ...input(first), batches: files(first).slice(1) });
  assert.equal(missing.manifestDifference?.subject, 'manifest');
  assert.match(missing.manifestDifference?.sfu ?? '', /^did:key:/);
  const manifest = JSON.parse(first.manifest) as { totals: { bytes: string }; params: { rate: string } };
  manifest.totals.bytes = '1';
  const totals = await recomputeEpoch({ ...input(first), manifest: JSON.stringify(manifest) });
  assert.deepEqual([totals.manifestDifference?.field, totals.manifestDifference?.found], ['totals.bytes', '"1"']);
  const domain = first.manifest.replace(/("program_id": ")../, '$1ff');
  assert.equal((await differs({ ...input(first), manifest: domain })).subject, 'manifest');
  const commitment = first.manifest.replace(/("registry_version": ")3/, '$14');
  assert.match((await differs({ ...input(first), manifest: commitment })).message, /commitment is not that/);
});

test('a parent that is not the one named is told', async () => {
  const other = await differs({ ...input(second), parentManifest: second.manifest });
  assert.match(other.message, /that of another epoch or attempt/);
  const parent = second.manifest.replace(/("pool": ")(\d)([^]*?"pool": ")(\d)/, (whole, a: string, b: string, c: string, d: string) =>
    `${a}${b}${c}${(Number(d) + 1) % 10}`.padEnd(whole.length),
  );
  assert.equal((await differs({ ...input(second), manifest: parent })).subject, 'parent');
  const cursor = (JSON.parse(second.parentManifest!) as { sfus: { next: { cursor: string } }[] });
  cursor.sfus[0]!.next.cursor = '999';
  const cursors = await differs({ ...input(second), parentManifest: JSON.stringify(cursor) });
  assert.match(cursors.message, /cursor is ".*", in the parent's manifest.json "999"/);
});

test('the history is the parent’s, or nothing', async () => {
  let found = 0;
  for (const line of generated<Line>('epochs.jsonl')) {
    const { parent } = JSON.parse(line.manifest) as { parent?: unknown };
    if (parent === undefined || found > 0) continue;
    const without: RecomputeInput = { ...input(line), history: undefined };
    const recomputed = await recomputeEpoch(without).catch((error: unknown) => error as DifferenceError);
    if (recomputed instanceof DifferenceError) {
      assert.equal(recomputed.difference.subject, 'history');
      found += 1;
    }
  }
  assert.equal(found, 1);
});

test('it can be watched and stopped', async () => {
  const seen: RecomputeProgress[] = [];
  await recomputeEpoch({ ...input(first), onProgress: (progress) => seen.push(progress) });
  assert.equal(seen[0]?.stage, 'reading');
  assert.deepEqual([seen.at(-1)?.stage, seen.at(-1)?.batches], ['done', seen.at(-1)?.batchesExpected]);
  const stopping = new AbortController();
  const stopped = recomputeEpoch({ ...input(first), signal: stopping.signal, onProgress: () => stopping.abort() });
  await assert.rejects(stopped, { code: 'aborted' });
});

test('files can come one by one', async () => {
  async function* fetched(): AsyncGenerator<BatchFile> {
    for (const file of files(second)) yield await Promise.resolve(file);
  }
  const recomputed = await recomputeEpoch({ ...input(second), batches: fetched() });
  assert.equal(recomputed.commitment, second.commitment);
  assert.deepEqual(structuredClone(recomputed), recomputed, 'plain data');
});

test('served payouts that were altered are told by leaf, DID and column', async () => {
  const recomputed = await recomputeEpoch(input(first));
  const payout = recomputed.payouts.find((payout) => payout.index !== null)!;
  const at = recomputed.payouts.indexOf(payout);
  const lines = first.payoutsCsv.split('\n');
  const compare = (change: (line: string) => string) =>
    comparePayouts(lines.map((line, index) => (index === at + 1 ? change(line) : line)).join('\n'), recomputed);
  const amount = compare((line) => line.replace(`,${payout.amount},`, ',9,'));
  assert.deepEqual(
    [amount?.field, amount?.did, amount?.leafIndex, amount?.line],
    [payout.raw === payout.amount ? 'raw_base_units' : 'amount_base_units', payout.did, payout.index, at + 2],
  );
  assert.match(amount?.message ?? '', new RegExp(`leaf ${payout.index}, ${payout.did}.* is "9", recomputed "${payout.raw}"`));
  assert.equal(compare((line) => `${line},`)?.field, undefined);
  assert.equal(comparePayouts(first.payoutsCsv.trimEnd(), recomputed)?.found, 'no line end');
  assert.match(comparePayouts(`${first.payoutsCsv}x\n`, recomputed)?.message ?? '', /belongs to nobody/);
  assert.match(comparePayouts(`${lines[0]}\n`, recomputed)?.message ?? '', /line 2 .* is missing/);
  assert.equal(comparePayouts('', recomputed)?.line, 1);
  assert.equal(comparePayouts(Uint8Array.from([0xef, 0xbb, 0xbf, ...encode(first.payoutsCsv)]), recomputed)?.line, 1);
  assert.equal(comparePayouts(encode(first.payoutsCsv), recomputed), null);
});

test('another statement on chain is told by its field', async () => {
  const recomputed = await recomputeEpoch(input(first));
  const chain = account(first);
  const compare = (change: Partial<typeof chain>) => compareWithChain({ ...chain, ...change }, recomputed)?.field;
  assert.equal(compare({ domain: 'ab'.repeat(32) }), 'domain');
  assert.equal(compare({ epoch: '1' }), 'epoch');
  assert.equal(compare({ hasRoot: false, status: 'open' }), 'root in force');
  assert.equal(compare({ commitment: 'ab'.repeat(32) }), 'commitment');
  assert.equal(compare({ mode: 'live' }), 'mode');
  assert.equal(compare({ statement: { ...chain.statement, pool: '1' } }), 'statement.pool');
  const payouts = chain.statement.payouts.map((tree) => ({ ...tree, root: 'ab'.repeat(32) }));
  assert.equal(compareStatement({ ...chain.statement, payouts }, recomputed)?.field, 'statement.payouts[0].root');
  assert.equal(compareWithChain(chain, recomputed), null);
});

test('accounts and addresses', () => {
  const data = Buffer.from(first.account, 'base64');
  assert.throws(() => decodeEpochAccount(data.subarray(1)), { code: 'malformed' });
  assert.throws(() => decodeEpochAccount(data.subarray(0, 200)), { code: 'malformed' });
  assert.throws(() => epochAddress('nonsense', 1), { code: 'invalid_argument' });
  const program = '11111111111111111111111111111112';
  assert.notEqual(epochAddress(program, 1), epochAddress(program, '2'));
  assert.equal(epochAddress(program, 7n), epochAddress(program, 7));
  assert.notEqual(configAddress(program), epochAddress(program, 0));
});

test('a published folder is recomputed as it lies on disk', async () => {
  const epoch = readdirSync(join(generatedFolder(), 'folder')).find((name) => name.startsWith('epoch-'))!;
  const names = readdirSync(join(generatedFolder(), 'folder', epoch, 'batches')).filter((name) => name.endsWith('.ndjson'));
  const recomputed = await recomputeEpoch({
    manifest: published(`${epoch}/manifest.json`),
    batches: names.map((name) => ({ name: `batches/${name}`, bytes: published(`${epoch}/batches/${name}`) })),
    history: published(`${epoch}/history.parquet`),
  });
  assert.equal(recomputed.manifestDifference, null);
  assert.equal(recomputed.parentCompared, false);
  assert.equal(comparePayouts(published(`${epoch}/payouts.csv`), recomputed), null);
});

test('a thousand epochs equal the settler’s: commitment, every amount, every line', async () => {
  const verdicts = new Set<string>();
  let [count, payouts, proofs] = [0, 0, 0];
  for (const line of generated<Line>('epochs.jsonl')) {
    const recomputed = await recomputeEpoch(input(line));
    assert.equal(recomputed.commitment, line.commitment, `epoch ${count}`);
    assert.deepEqual(recomputed.payouts, line.payouts);
    assert.equal(recomputed.manifestDifference, null);
    assert.equal(recomputed.parentCompared, line.parentManifest !== null);
    assert.equal(comparePayouts(line.payoutsCsv, recomputed), null);
    const chain = account(line);
    assert.equal(compareWithChain(chain, recomputed), null);
    if (line.proof !== null) {
      const verification = verifyProof(line.proof, chain);
      assert.ok(verification.valid, JSON.stringify(verification));
      proofs += 1;
    }
    for (const verdict of [...Object.keys(recomputed.batches), ...Object.keys(recomputed.receipts)]) verdicts.add(verdict);
    count += 1;
    payouts += line.payouts.length;
  }
  assert.equal(count, 1_000);
  assert.ok(payouts > 3_000 && proofs > 500, `${payouts} payouts, ${proofs} proofs`);
  const expected = 'accepted bad_did bad_time bad_window bytes_over_bound chain_broken duplicate late no_contributors not_valid';
  assert.deepEqual([...verdicts].sort(), [...expected.split(' '), 'sfu_over_capacity', 'stopped', 'unlicensed'].sort());
});
