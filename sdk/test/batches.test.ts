import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';

import {
  RadioPayoutsError,
  batchHash,
  batchMessage,
  canonicalise,
  didOfKey,
  signBatch,
  signBatchWithWebCrypto,
  verifyBatch,
  type Batch,
} from '@mycelia/radio-payouts';

import { vectors } from './files.js';

// Node.js 18 has it, but not as a global.
globalThis.crypto ??= webcrypto as unknown as Crypto;

const file = vectors<{
  domain: string;
  refused: { answer: string; envelope: string }[];
  sfuSecret: string;
  signed: { batchHash: string; canonical: string; envelope: string; message: string }[];
}>('batches.json');
const { domain } = file;

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const code = (expected: string) => (error: unknown) => error instanceof RadioPayoutsError && error.code === expected;

/** The PKCS #8 wrapping of an Ed25519 seed. */
function pkcs8(seed: Uint8Array): Uint8Array {
  return Uint8Array.from([...Buffer.from('302e020100300506032b657004220420', 'hex'), ...seed]);
}

function unsigned(sfu: string): Batch {
  return {
    v: 1,
    sfu,
    seq: 1,
    prev: '0'.repeat(64),
    from: 1_760_000_000_000,
    to: 1_760_000_010_000,
    tracks: [{ trackId: 'track_x9', uploader: sfu, rights: 'Original', metadata: { title: 'Pilz „Ohr“ 😀' } }],
    receipts: [
      {
        roomId: 'room_ab12',
        trackId: 'track_x9',
        timestamp: 1_760_000_010_000,
        recipients: 3,
        contributors: [{ did: sfu, bytesOut: 1_048_576 }],
      },
    ],
  };
}

test('every refused vector gets its answer', () => {
  assert.ok(file.refused.length > 5);
  for (const { answer, envelope } of file.refused) {
    const verification = verifyBatch(envelope, domain);
    assert.equal(verification.valid, false, envelope);
    assert.equal(verification.valid ? '' : verification.answer, answer, envelope);
  }
});

test('any altered bit of an envelope is refused', () => {
  const bytes = new TextEncoder().encode(file.signed[0]!.envelope);
  for (let position = 0; position < bytes.length; position += 7) {
    const altered = bytes.slice();
    altered[position]! ^= 1 << position % 8;
    assert.equal(verifyBatch(altered, domain).valid, false, `byte ${position}`);
  }
});

test('another domain is refused, and a domain that is none is an error', () => {
  const verification = verifyBatch(file.signed[0]!.envelope, 'ab'.repeat(32));
  assert.ok(!verification.valid && verification.answer === 'bad_signature');
  for (const bad of ['', 'AB'.repeat(32), 'ab'.repeat(31)]) {
    assert.throws(() => verifyBatch(file.signed[0]!.envelope, bad), code('invalid_argument'));
  }
});

test('what is no batch is refused by its path', () => {
  const batch = unsigned(didOfKey(new Uint8Array(32).fill(0x66).fill(0x58, 0, 1)));
  const refuse = (batch: unknown, expected: string, message: RegExp) => {
    assert.throws(
      () => canonicalise(batch as Batch),
      (error: unknown) => code(expected)(error) && message.test((error as Error).message),
    );
  };
  refuse('{', 'malformed', /EOF|expected/i);
  refuse({ ...batch, v: 2 }, 'wrong_version', /version/);
  refuse({ ...batch, extra: 1 }, 'malformed', /extra/);
  refuse({ ...batch, seq: 1.5 }, 'malformed', /seq/);
  refuse({ ...batch, tracks: [] }, 'malformed', /receipts\[0\]\.trackId/);
  refuse(undefined, 'invalid_argument', /nothing/);
});

test('the valid vectors have their bytes, hashes and messages', () => {
  for (const valid of file.signed) {
    const verification = verifyBatch(valid.envelope, domain);
    assert.ok(verification.valid, valid.envelope);
    assert.equal(verification.header.hash, valid.batchHash);
    // Keys in another order: the canonical bytes are the same.
    const turned = Object.fromEntries(Object.entries(verification.batch).reverse()) as unknown as Batch;
    assert.equal(new TextDecoder().decode(canonicalise(turned)), valid.canonical);
    assert.equal(batchHash(turned), valid.batchHash);
    assert.equal(hexOf(batchMessage(turned, domain)), valid.message);
    assert.equal(signBatch(turned, Buffer.from(file.sfuSecret, 'hex'), domain), valid.envelope);
  }
});

test('a key that is not the SFU’s signs nothing', async () => {
  const seed = new Uint8Array(32).fill(7);
  const other = unsigned(didOfKey(new Uint8Array(32).fill(0x66).fill(0x58, 0, 1)));
  assert.throws(() => signBatch(other, seed, domain), code('wrong_key'));
  assert.throws(() => signBatch(other, seed.subarray(1), domain), code('invalid_argument'));
  assert.throws(() => signBatch(other, new Uint8Array(64).fill(7), domain), code('invalid_argument'));
  const key = await crypto.subtle.importKey('pkcs8', pkcs8(seed) as BufferSource, 'Ed25519', false, ['sign']);
  await assert.rejects(signBatchWithWebCrypto(other, key, domain), code('bad_signature'));
});

test('a raw key and WebCrypto sign the same, and it verifies', async () => {
  const seed = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
  const key = await crypto.subtle.importKey('pkcs8', pkcs8(seed) as BufferSource, 'Ed25519', true, ['sign']);
  const { x } = await crypto.subtle.exportKey('jwk', key);
  const publicKey = new Uint8Array(Buffer.from(x!, 'base64url'));
  const batch = unsigned(didOfKey(publicKey));
  const envelope = signBatch(batch, seed, domain);
  assert.equal(signBatch(batch, Uint8Array.from([...seed, ...publicKey]), domain), envelope);
  assert.equal(await signBatchWithWebCrypto(batch, key, domain), envelope);
  const verification = verifyBatch(envelope, domain);
  assert.ok(verification.valid && verification.header.sfu === batch.sfu && verification.header.seq === '1');
  assert.deepEqual(verification.batch, batch);
});
