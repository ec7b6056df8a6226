import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FORMAT, canonical, hash, mismatches, parse, type Simulation } from './simulation';

const DOMAIN = '07'.repeat(32);
const simulation = {
  standing: 'simulation',
  format: FORMAT,
  domain: DOMAIN,
  set: { rate: '2000', active_min_bytes: '1' },
  epochs: [],
  before: { rejected_receipts: {} },
  after: { rejected_receipts: {} },
  contributors: [],
} as unknown as Simulation;

describe('simulations', () => {
  it('have one canonical form: sorted, without white space', () => {
    const text = canonical(simulation);
    expect(text).toBe(
      `{"after":{"rejected_receipts":{}},"before":{"rejected_receipts":{}},"contributors":[],"domain":"${DOMAIN}","epochs":[],"format":"${FORMAT}","set":{"active_min_bytes":"1","rate":"2000"},"standing":"simulation"}`,
    );
  });

  it('hash as sha256sum of the file does, in whatever form they are read', async () => {
    const expected = createHash('sha256').update(canonical(simulation)).digest('hex');
    expect(await hash(parse(canonical(simulation)))).toBe(expected);
    expect(await hash(parse(JSON.stringify({ hash: 'whatever', simulation }, null, 2)))).toBe(expected);
  });

  it('are refused if they are something else', () => {
    expect(() => parse('no')).toThrow('no JSON');
    expect(() => parse('null')).toThrow('no simulation');
    expect(() => parse(JSON.stringify({ ...simulation, format: 'radio-payouts/simulation/v2' }))).toThrow('no simulation');
    expect(() => parse(JSON.stringify({ format: FORMAT }))).toThrow('incomplete');
  });

  it('belong to a proposal only by hash, deployment and change', async () => {
    const computed = await hash(simulation);
    const proposal = { document_hash: computed, action: { parameters: { rate: { after: '2000' }, active_min_bytes: { after: '1' } } } };
    expect(mismatches(simulation, computed, proposal, DOMAIN)).toEqual([]);
    expect(mismatches(simulation, computed, { ...proposal, document_hash: '00' }, DOMAIN)).toHaveLength(1);
    expect(mismatches(simulation, computed, { ...proposal, document_hash: null }, DOMAIN)).toHaveLength(1);
    expect(mismatches(simulation, computed, proposal, '08'.repeat(32))).toHaveLength(1);
    expect(mismatches(simulation, computed, { ...proposal, action: { parameters: { rate: { after: '2001' } } } }, DOMAIN)).toHaveLength(1);
  });
});
