import { describe, expect, it } from 'vitest';
import { axisBloom, bloom, decimal, exactBloom, grouped, percent } from './amount';
import { addressOf, base58, fromHex } from './base58';
import { bytes, exactBytes } from './bytes';
import { bpsPercent, factor } from './multiplier';
import { short, shortDid } from './short';
import { countdown, duration, iso, utc, utcMs } from './time';

const MOST = 18_446_744_073_709_551_615n;

describe('amounts', () => {
  it('refuses what is no unsigned decimal number', () => {
    for (const text of ['', '-1', '01', '1.0', '1e3', ' 1', '0x1', '１']) expect(() => decimal(text), text).toThrow(RangeError);
  });

  it('keeps every digit of the largest amount', () => {
    expect(decimal('18446744073709551615')).toBe(MOST);
    expect(exactBloom(MOST)).toBe('18,446,744,073.709551615');
    expect(grouped(MOST)).toBe('18,446,744,073,709,551,615');
  });

  it('cuts off and never rounds up', () => {
    expect(bloom(1_999_999_999n)).toBe('1.9999');
    expect(bloom(999_999_999n, 2)).toBe('0.99');
    expect(bloom(1_999_999_999n, 0)).toBe('1');
  });

  it('leaves trailing zeros out down to two decimals', () => {
    expect(bloom(1_500_000_000n)).toBe('1.50');
    expect(bloom(0n)).toBe('0.00');
    expect(bloom(1_234_500_000_000n)).toBe('1,234.50');
  });

  it('never shows something as nothing', () => {
    expect(bloom(1n)).toBe('< 0.0001');
    expect(bloom(1n, 9)).toBe('0.000000001');
    expect(bloom(-1n)).toBe('−< 0.0001');
  });

  it('gives parts of a whole, and none of nothing', () => {
    expect(percent(1n, 3n)).toBe('33.33 %');
    expect(percent(2n, 3n, 0)).toBe('66 %');
    expect(percent(1n, 0n)).toBeUndefined();
    expect(percent(MOST, MOST)).toBe('100.00 %');
  });

  it('labels axes by size', () => {
    expect([axisBloom(0), axisBloom(1.5e9), axisBloom(25e12), axisBloom(500e9)]).toEqual(['0', '1.50', '25,000', '500']);
  });
});

describe('bytes', () => {
  it('uses decimal units and cuts off', () => {
    expect([bytes(0n), bytes(999n), bytes(1_000n), bytes(999_999n), bytes(364_163_000n), bytes(MOST)]).toEqual(['0 B', '999 B', '1.0 kB', '999.9 kB', '364.1 MB', '18.4 EB']);
    expect(exactBytes(1_048_576n)).toBe('1,048,576 bytes');
  });
});

describe('multipliers', () => {
  it('are exact', () => {
    expect([factor(10_000), factor(12_000), factor(17_160), factor(0), factor(50_000)]).toEqual(['×1.0', '×1.2', '×1.716', '×0.0', '×5.0']);
    expect([bpsPercent(10_000), bpsPercent(250), bpsPercent(1), bpsPercent(0)]).toEqual(['100 %', '2.5 %', '0.01 %', '0 %']);
  });
});

describe('times', () => {
  it('are UTC whatever the machine is set to', () => {
    expect(utc(1_760_000_000)).toBe('2025-10-09 08:53:20 UTC');
    expect(utcMs(1_760_000_000_007)).toBe('2025-10-09 08:53:20.007 UTC');
    expect(iso(1_760_000_000)).toBe('2025-10-09T08:53:20Z');
  });

  it('name the two greatest units of a duration', () => {
    expect([0, 59, 300, 3_661, 86_400, 90_061, 21 * 86_400, -5].map(duration)).toEqual(['0 s', '59 s', '5 min', '1 h 1 min', '1 d', '1 d 1 h', '21 d', '0 s']);
    expect([0, 61, 3_600, 93_784, -1].map(countdown)).toEqual(['00:00', '01:01', '01:00:00', '1 d 02:03:04', '00:00']);
  });
});

describe('identifiers', () => {
  it('are cut in the middle', () => {
    expect(short('0123456789', 10)).toBe('0123456789');
    expect(short('0123456789abcdef', 9)).toBe('0123…cdef');
    expect(shortDid('did:key:z6MkvR3PLCsu4FptKzF7GRXk7aYGJkPf1uyZRqL6YpBBgyAK')).toBe('did:key:z6MkvR3P…pBBgyAK');
    expect(shortDid('did:mycelia:carol')).toBe('did:mycelia:carol');
  });

  it('are base58 as Solana writes them', () => {
    expect(base58(new Uint8Array(32))).toBe('1'.repeat(32));
    expect(base58(new Uint8Array())).toBe('');
    expect(addressOf('06ddf6e1d765a193d9cbe146ceeb79ac1cb485ed5f5b37913a8cf5857eff00a9')).toBe('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
    expect(() => fromHex('0G')).toThrow(RangeError);
    expect(() => fromHex('abc')).toThrow(RangeError);
  });
});
