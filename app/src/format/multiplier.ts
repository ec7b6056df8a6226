// Multipliers and other values in basis points.

/** Basis points as a factor: 12000 → ×1.2. */
export function factor(bps: number): string {
  const fraction = (bps % 10_000).toString().padStart(4, '0').replace(/0+$/, '');
  return `×${Math.floor(bps / 10_000)}.${fraction === '' ? '0' : fraction}`;
}

/** Basis points as a percentage: 250 → 2.5 %. */
export function bpsPercent(bps: number): string {
  const fraction = (bps % 100).toString().padStart(2, '0').replace(/0+$/, '');
  return `${Math.floor(bps / 100)}${fraction === '' ? '' : `.${fraction}`} %`;
}
