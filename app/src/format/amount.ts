// BLOOM and base units (section 1). Amounts are bigints from the API to the screen; nothing here rounds up.

/** Decimals of BLOOM: 1 BLOOM = 10^9 base units. */
export const DECIMALS = 9;
const UNIT = 10n ** BigInt(DECIMALS);

/** A u64 as the API writes it. Throws if it is not one: an amount that cannot be read is not shown as another. */
export function decimal(text: string): bigint {
  if (!/^(0|[1-9][0-9]*)$/.test(text)) throw new RangeError(`${JSON.stringify(text)} is no unsigned decimal number`);
  return BigInt(text);
}

/** Digits in groups of three: 1234567 → 1,234,567. */
export function grouped(value: bigint): string {
  const sign = value < 0n ? '−' : '';
  const digits = (value < 0n ? -value : value).toString();
  return sign + digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Base units as BLOOM with all nine decimals. */
export function exactBloom(baseUnits: bigint): string {
  const size = baseUnits < 0n ? -baseUnits : baseUnits;
  const fraction = (size % UNIT).toString().padStart(DECIMALS, '0');
  return `${baseUnits < 0n ? '−' : ''}${grouped(size / UNIT)}.${fraction}`;
}

/**
 * Base units as BLOOM with at most `places` decimals, cut off and not rounded; trailing zeros are left out down to two.
 * An amount that would be shown as nothing is shown as less than the smallest that can be.
 */
export function bloom(baseUnits: bigint, places = 4): string {
  const size = baseUnits < 0n ? -baseUnits : baseUnits;
  const sign = baseUnits < 0n ? '−' : '';
  const step = 10n ** BigInt(DECIMALS - places);
  if (size > 0n && size < step) return `${sign}< 0.${'1'.padStart(places, '0')}`;
  const fraction = (size % UNIT).toString().padStart(DECIMALS, '0').slice(0, places);
  const shown = fraction.replace(/0+$/, '').padEnd(Math.min(2, places), '0');
  return `${sign}${grouped(size / UNIT)}${places > 0 ? `.${shown}` : ''}`;
}

/** `part` of `whole` as a percentage with `places` decimals, cut off; none if there is no whole. */
export function percent(part: bigint, whole: bigint, places = 2): string | undefined {
  if (whole === 0n) return undefined;
  const scale = 10n ** BigInt(places);
  const scaled = (part * 100n * scale) / whole;
  const size = scaled < 0n ? -scaled : scaled;
  const fraction = places > 0 ? `.${(size % scale).toString().padStart(places, '0')}` : '';
  return `${scaled < 0n ? '−' : ''}${grouped(size / scale)}${fraction} %`;
}

/** Base units as BLOOM for the axis of a chart: a number for drawing, whole from ten on. */
export function axisBloom(baseUnits: number): string {
  const units = BigInt(Math.max(0, Math.round(baseUnits)));
  return bloom(units, units >= 10n * UNIT || units === 0n ? 0 : 2);
}
