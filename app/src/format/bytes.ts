// Bytes, in decimal units: the rate is per byte, and 10^9 of them are a gigabyte.

import { grouped } from './amount';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const;

/** Bytes with three digits or more, cut off: 364163000 → 364.1 MB. */
export function bytes(count: bigint): string {
  let unit = 0;
  let divisor = 1n;
  while (unit < UNITS.length - 1 && count >= divisor * 1000n) {
    divisor *= 1000n;
    unit += 1;
  }
  if (unit === 0) return `${count} B`;
  const tenths = (count * 10n) / divisor;
  return `${grouped(tenths / 10n)}.${tenths % 10n} ${UNITS[unit]}`;
}

/** Bytes in full. */
export function exactBytes(count: bigint): string {
  return `${grouped(count)} bytes`;
}
