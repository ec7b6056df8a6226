import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  commitmentOf,
  decodeEpochAccount,
  locateShare,
  verifyProof,
  type EpochAccount,
  type ProofBundle,
  type TreeRoot,
} from '@mycelia/radio-payouts';

import { published, vectors } from './files.js';

interface VectorTree {
  proofs: {
    share: { amount: string; didHash: string; index: number; payee: string };
    siblings: { hash: string; sum: string }[];
  }[];
  tree: TreeRoot;
}
const file = vectors<{ domain: string; epoch: string; trees: VectorTree[] }>('trees.json');
const { genesisHash, programId } = vectors<{ genesisHash: string; programId: string }>('settlements.json');

/** A bundle around a vector's proof. The vectors' "DIDs" are four letters and a number of four bytes. */
function bundleOf({ tree }: VectorTree, { share, siblings }: VectorTree['proofs'][number]): ProofBundle {
  const zero = '0'.repeat(64);
  const statement = {
    epoch: file.epoch,
    parent: zero,
    params_version: 1,
    registry_version: '1',
    inputs_hash: zero,
    history_hash: zero,
    batches: { root: zero, sum: '0', count: 0 },
    pool: tree.sum,
    payouts: [tree],
  };
  return {
    format: 'radio-payouts/proof/v1',
    standing: 'provisional',
    deployment: {
      domain: file.domain,
      genesis_hash: genesisHash,
      program_id: programId,
      genesis_unix: 0,
      epoch_seconds: 300,
    },
    commitment: commitmentOf(statement, file.domain),
    statement,
    max_share_bps: 10_000,
    share: {
      did: `did${String.fromCharCode(share.index, 0, 0, 0)}`,
      index: share.index,
      payee: share.payee,
      amount_base_units: share.amount,
    },
    siblings,
  };
}

/** Vectors whose number is one byte of UTF-8. */
const proofs = file.trees.flatMap((tree) =>
  tree.proofs.filter(({ share }) => share.index < 128).map((proof) => ({ root: tree.tree, bundle: bundleOf(tree, proof) })),
);

const real = JSON.parse(new TextDecoder().decode(published('proof.json'))) as ProofBundle;
const account = decodeEpochAccount(Buffer.from(new TextDecoder().decode(published('account.base64')), 'base64'));

const faultOf = (bundle: ProofBundle | string, root: TreeRoot | EpochAccount): string => {
  const verification = verifyProof(bundle, root);
  return verification.valid ? 'valid' : verification.fault;
};

test('what is no bundle is malformed', () => {
  const { root, bundle } = proofs[0]!;
  for (const bad of ['', '{}', 'null', '[]', JSON.stringify({ ...bundle, extra: 1 }), JSON.stringify({ ...bundle, format: 'v2' })]) {
    assert.equal(faultOf(bad, root), 'malformed', bad);
    assert.notEqual(faultOf(bad, account), 'valid', bad);
  }
  assert.throws(() => verifyProof(bundle, { root: 'x', sum: '1', count: 1 }), { code: 'invalid_argument' });
  assert.throws(() => locateShare(-1), { code: 'invalid_argument' });
});

test('any altered bit of a proof is refused', () => {
  for (const { root, bundle } of proofs) {
    for (const [place, sibling] of bundle.siblings.entries()) {
      const siblings = bundle.siblings.map((sibling) => ({ ...sibling }));
      const digit = Number.parseInt(sibling.hash[place]!, 16) ^ 1;
      siblings[place]!.hash = sibling.hash.slice(0, place) + digit.toString(16) + sibling.hash.slice(place + 1);
      assert.equal(faultOf({ ...bundle, siblings }, root), 'root_mismatch');
      siblings[place] = { ...sibling, sum: (BigInt(sibling.sum) + 1n).toString() };
      assert.equal(faultOf({ ...bundle, siblings }, root), 'sum_mismatch');
    }
    const share = (change: Partial<ProofBundle['share']>) => ({ ...bundle, share: { ...bundle.share, ...change } });
    assert.equal(faultOf(share({ did: 'did:web:thief' }), root), 'root_mismatch');
    assert.equal(faultOf(share({ payee: 'ab'.repeat(32) }), root), 'root_mismatch');
    const more = (BigInt(bundle.share.amount_base_units) + 1n).toString();
    assert.equal(faultOf(share({ amount_base_units: more }), root), 'sum_mismatch');
    assert.notEqual(faultOf(share({ index: bundle.share.index ^ 1 }), root), 'valid');
    assert.equal(faultOf(share({ index: 1 << 20 }), root), 'position_out_of_range');
    const siblings = [...bundle.siblings, { hash: '00'.repeat(32), sum: '0' }];
    assert.equal(faultOf({ ...bundle, siblings }, root), 'wrong_length');
  }
});

test('another root, domain or commitment is refused', () => {
  for (const { root, bundle } of proofs) {
    assert.equal(faultOf(bundle, { ...root, root: 'ab'.repeat(32) }), 'wrong_root');
    assert.equal(faultOf(bundle, { ...root, sum: (BigInt(root.sum) + 1n).toString() }), 'wrong_root');
    assert.equal(faultOf(bundle, { ...root, count: root.count + 1 }), 'wrong_root');
    const deployment = { ...bundle.deployment, domain: 'ab'.repeat(32) };
    assert.equal(faultOf({ ...bundle, deployment }, root), 'wrong_domain');
    assert.equal(faultOf({ ...bundle, commitment: 'ab'.repeat(32) }, root), 'wrong_commitment');
    assert.equal(faultOf({ ...bundle, max_share_bps: 0 }, root), 'over_cap');
  }
});

test('every proof of the vectors holds', () => {
  assert.ok(proofs.length >= 10, `${proofs.length}`);
  for (const { root, bundle } of proofs) {
    const verification = verifyProof(bundle, root);
    assert.ok(verification.valid, JSON.stringify(verification));
    assert.equal(verification.amountBaseUnits, bundle.share.amount_base_units);
    assert.deepEqual([verification.index, verification.tree], [bundle.share.index, 0]);
  }
  assert.deepEqual(locateShare((3 << 20) + 5), { tree: 3, position: 5 });
});

test('a proof that the settler wrote holds against the account, and only against this one', () => {
  assert.equal(faultOf(real, { ...account, hasRoot: false }), 'wrong_epoch');
  assert.equal(faultOf(real, { ...account, epoch: '1' }), 'wrong_epoch');
  assert.equal(faultOf(real, { ...account, domain: 'ab'.repeat(32) }), 'wrong_domain');
  assert.equal(faultOf(real, { ...account, commitment: 'ab'.repeat(32) }), 'wrong_commitment');
  const verification = verifyProof(JSON.stringify(real), account);
  assert.ok(verification.valid, JSON.stringify(verification));
  assert.equal(verification.did, real.share.did);
  assert.equal(verification.epoch, account.epoch);
});
