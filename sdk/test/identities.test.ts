import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RadioPayoutsError, deriveDomain, didOfKey, parseDid } from '@mycelia/radio-payouts';

import { vectors } from './files.js';

const dids = vectors<{
  clusterReference: string;
  invalid: string[];
  valid: { did: string; didHash: string; payee: string | null }[];
}>('dids.json');

/** The vectors' cluster and program: 32 times 0x11, 32 times 0x22. */
const GENESIS_HASH = '29d2S7vB453rNYFdR5Ycwt7y9haRT5fwVwL9zTmBhfV2';
const PROGRAM_ID = '3JF3sEqM796hk5WFqA6EtmEwJQ9quALszsfJyvXNQKy3';

test('what is no DID is refused', () => {
  for (const did of dids.invalid) {
    assert.throws(() => parseDid(did), (error: unknown) => (error as RadioPayoutsError).code === 'malformed', did);
  }
  assert.throws(() => parseDid('did:web:a.example', 'nonsense0'), { code: 'invalid_argument' });
  assert.throws(() => didOfKey(new Uint8Array(31)), { code: 'invalid_argument' });
  assert.throws(() => didOfKey(new Uint8Array(32)), { code: 'invalid_argument' });
});

test('every valid vector has its hash and payee', () => {
  assert.ok(GENESIS_HASH.startsWith(dids.clusterReference));
  for (const { did, didHash, payee } of dids.valid) {
    const parsed = parseDid(did, GENESIS_HASH);
    assert.equal(parsed.didHash, didHash, did);
    assert.equal(parsed.payee === null, payee === null, did);
    if (parsed.key !== null) {
      assert.equal(parsed.payee, parsed.key);
      assert.equal(didOfKey(parsed.key), did);
    }
    if (did.startsWith('did:pkh:')) assert.equal(parseDid(did).payee, null, 'no cluster, no payee');
  }
});

test('the domain is that of the vectors', () => {
  const { domain } = vectors<{ domain: string }>('settlements.json');
  assert.equal(deriveDomain(GENESIS_HASH, PROGRAM_ID), domain);
  assert.notEqual(deriveDomain(PROGRAM_ID, GENESIS_HASH), domain);
});
