import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  PROVISIONAL_NOTICE,
  RadioPayoutsCalculator,
  demoParams,
  formatBloom,
  literalFormula,
  type DistributionReceipt,
  type PartialParams,
  type Params,
} from '@mycelia/radio-payouts';

import { generated, ofSdk, vectors } from './files.js';

const receipt = (did: string, bytesOut: number, timestamp = 1_760_011_200_000): DistributionReceipt => ({
  roomId: 'room',
  trackId: `track of ${did}`,
  timestamp,
  contributors: [{ did, bytesOut }],
});

test('parameters that are none are refused by name', () => {
  const refuse = (params: unknown, message: RegExp) =>
    assert.throws(() => new RadioPayoutsCalculator(params as PartialParams), { code: 'invalid_argument', message });
  refuse({ baseRate: 1 }, /no parameter "baseRate"/);
  refuse({ rate: 0 }, /rate is out of bounds/);
  refuse({ rate: -1 }, /params\.rate/);
  refuse({ rate: '01' }, /params\.rate/);
  refuse({ rate: 1.5 }, /params\.rate/);
  refuse({ pay_licensed: 1 }, /pay_licensed/);
  refuse({ consistency_bps: 50_000, peak_bps: 50_000 }, /product of the time multipliers/);
  refuse([], /params/);
});

test('receipts that are none are refused by position', () => {
  const calculator = new RadioPayoutsCalculator();
  const refuse = (receipts: unknown, code: string, message: RegExp) =>
    assert.throws(() => calculator.calculateProvisionalShares(receipts as DistributionReceipt[]), { code, message });
  refuse(undefined, 'invalid_argument', /array/);
  refuse('[]', 'invalid_argument', /array/);
  refuse([receipt('did:web:a', 1), {}], 'malformed', /\[1\]/);
  refuse([receipt('did:web:a', Number.NaN)], 'malformed', /bytesOut/);
  refuse([receipt('did:web:a', 1), receipt('did:web:b', 2 ** 53)], 'malformed', /receipts\[1\]/);
  refuse([receipt('did:web:a', 1, 0)], 'malformed', /receipts\[0\].*timestamp/);
});

test('shares come highest first, ties by DID, each with the notice', () => {
  const receipts = [receipt('did:web:c', 1_500), receipt('did:web:b', 1_500), receipt('did:web:a', 5_000)];
  const shares = new RadioPayoutsCalculator().calculateProvisionalShares(receipts);
  assert.deepEqual(shares, [
    { did: 'did:web:a', bloomAmount: 0.005, amountBaseUnits: '5000000', notice: PROVISIONAL_NOTICE },
    { did: 'did:web:b', bloomAmount: 0.0015, amountBaseUnits: '1500000', notice: PROVISIONAL_NOTICE },
    { did: 'did:web:c', bloomAmount: 0.0015, amountBaseUnits: '1500000', notice: PROVISIONAL_NOTICE },
  ]);
  assert.equal(
    PROVISIONAL_NOTICE,
    'Provisional calculation for demonstration. Mainnet payouts require governance approval.',
  );
  assert.ok(ofSdk('../crates/protocol/src/calculator.rs').includes(`"${PROVISIONAL_NOTICE}"`));
});

test('a calculation tells what does not count', () => {
  const calculator = new RadioPayoutsCalculator({ min_payout: 2_000_000n, rate: '1000000000' });
  const nobody = { ...receipt('nobody', 7), trackId: 'left out' };
  const bad: DistributionReceipt = { ...receipt('did:web:b', 9), contributors: [{ did: 'did:web:b', bytesOut: 9 }] };
  bad.contributors.push({ did: 'nobody', bytesOut: 1 });
  const result = calculator.calculate([nobody, receipt('did:web:a', 5_000), receipt('did:web:c', 1_000), bad]);
  assert.equal(result.notice, PROVISIONAL_NOTICE);
  assert.deepEqual(result.shares.map((share) => share.did), ['did:web:a']);
  assert.deepEqual(result.belowMinimum, [{ did: 'did:web:c', amountBaseUnits: '1000000' }]);
  assert.deepEqual(result.rejected, { bad_did: 1 });
  assert.deepEqual([result.leftOut[0]?.trackId, result.leftOut[0]?.bytes], ['left out', '7']);
  assert.deepEqual([result.poolBaseUnits, result.unallocatedBaseUnits], ['6000000', '1000000']);
});

test('parameters of a manifest are taken as they are', () => {
  const params: Params = { ...demoParams(), rate: '2000000000', pay_licensed: true };
  const calculator = new RadioPayoutsCalculator(params);
  assert.deepEqual(calculator.params, params);
  assert.equal(calculator.calculateProvisionalShares([receipt('did:web:a', 10)])[0]?.amountBaseUnits, '20000');
  assert.deepEqual(calculator.calculateProvisionalShares([]), []);
});

test('the literal formula is that of the vectors', () => {
  const { cases } = vectors<{
    cases: { effective: string[]; literal: string[]; paidBytes: string; params: Params }[];
  }>('allocations.json');
  let compared = 0;
  for (const { effective, literal, paidBytes, params } of cases) {
    for (const [index, effectiveBytes] of effective.entries()) {
      assert.equal(literalFormula({ rate: params.rate, effectiveBytes, paidBytes }), literal[index] ?? null);
      compared += 1;
    }
  }
  assert.ok(compared > 10);
  assert.equal(literalFormula({ rate: 1, effectiveBytes: 1, paidBytes: 0 }), null);
  assert.throws(() => literalFormula({ rate: -1, effectiveBytes: 1, paidBytes: 1 }), { code: 'invalid_argument' });
  assert.throws(() => literalFormula({ rate: 2n ** 64n, effectiveBytes: 1, paidBytes: 1 }), { code: 'invalid_argument' });
});

test('amounts are written with nine decimals', () => {
  assert.equal(formatBloom(0), '0.000000000');
  assert.equal(formatBloom('1500000000'), '1.500000000');
  assert.equal(formatBloom(2n ** 64n - 1n), '18446744073.709551615');
});

test('a thousand calculations equal the settler’s to the base unit', () => {
  let [count, shares] = [0, 0];
  for (const line of generated<{
    params: Params;
    receipts: DistributionReceipt[];
    shares: { did: string; amountBaseUnits: string }[];
    poolBaseUnits: string;
    unallocatedBaseUnits: string;
  }>('calculations.jsonl')) {
    const result = new RadioPayoutsCalculator(line.params).calculate(line.receipts);
    assert.deepEqual(
      result.shares.map(({ did, amountBaseUnits }) => ({ did, amountBaseUnits })),
      line.shares,
      `calculation ${count}`,
    );
    assert.equal(result.poolBaseUnits, line.poolBaseUnits);
    assert.equal(result.unallocatedBaseUnits, line.unallocatedBaseUnits);
    count += 1;
    shares += line.shares.length;
  }
  assert.equal(count, 1_000);
  assert.ok(shares > 1_000, `${shares} shares`);
});
