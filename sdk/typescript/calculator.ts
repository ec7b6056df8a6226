import type { DistributionReceipt } from './batches.js';
import { call } from './core.js';
import { RadioPayoutsError } from './errors.js';
import { formatBloom, toBigInt, toJson, type Decimal, type Integer } from './values.js';

/** What every result of the calculator says of itself. */
export const PROVISIONAL_NOTICE =
  'Provisional calculation for demonstration. Mainnet payouts require governance approval.';

/** The values of one version of the parameters, as they stand in a manifest. Their units are those of section 9. */
export interface Params {
  /** Femto-BLOOM (10^-15) per byte. */
  rate: Decimal;
  /** Most base units of one epoch's pool. */
  epoch_cap: Decimal;
  max_share_bps: number;
  /** Base units. */
  min_payout: Decimal;
  consistency_bps: number;
  peak_bps: number;
  long_term_bps: number;
  high_quality_bps: number;
  metadata_rich_bps: number;
  popular_bps: number;
  role_uploader_bps: number;
  role_seeder_bps: number;
  role_relay_bps: number;
  role_storage_bps: number;
  consistency_window_epochs: number;
  consistency_min_epochs: number;
  long_term_epochs: number;
  active_min_bytes: Decimal;
  /** Bit h is hour h, UTC. */
  peak_hours_utc: number;
  high_quality_min_kbps: number;
  metadata_min_fields: number;
  popular_min_listener_ms: Decimal;
  max_kbps_per_recipient: number;
  min_kbps_per_recipient: number;
  pay_licensed: boolean;
}

/** Parameters that differ from those of a demo; `manifest.params` will do as well. */
export type PartialParams = { [Name in keyof Params]?: Params[Name] extends Decimal ? Integer : Params[Name] };

/** One contributor's part. */
export interface ProvisionalShare {
  did: string;
  /** BLOOM, for display: a floating-point number. */
  bloomAmount: number;
  /** Base units (10^-9 BLOOM), exact. */
  amountBaseUnits: Decimal;
  /** {@link PROVISIONAL_NOTICE}. */
  notice: typeof PROVISIONAL_NOTICE;
}

/** Shares with everything that led to them. */
export interface ProvisionalCalculation {
  /** {@link PROVISIONAL_NOTICE}. */
  notice: typeof PROVISIONAL_NOTICE;
  /** Highest first, ties by DID. */
  shares: ProvisionalShare[];
  /** What is split. */
  poolBaseUnits: Decimal;
  /** Most that one contributor gets. */
  capBaseUnits: Decimal;
  allocatedBaseUnits: Decimal;
  /** Rounding, caps and small amounts: nothing is minted for it. */
  unallocatedBaseUnits: Decimal;
  acceptedBytes: Decimal;
  effectiveBytes: Decimal;
  /** Contributors whose amount is below the minimum. */
  belowMinimum: { did: string; amountBaseUnits: Decimal }[];
  /** Tracks that nobody with a valid DID can be named for. */
  leftOut: { trackId: string; windowEndMs: Decimal; receipts: number; bytes: Decimal; message: string }[];
  /** Receipts (after merging) that do not count, by verdict of section 4.4. */
  rejected: Record<string, number>;
}

/** The parameters of a demo. */
export function demoParams(): Params {
  return paramsWith({});
}

function paramsWith(changes: PartialParams): Params {
  return JSON.parse(call((core) => core.params_with(toJson('params', changes)))) as Params;
}

/**
 * The calculator of section 12: the settler's own computation over receipts that nobody signed.
 *
 * Receipts are wrapped into batches as section 4.5 has it. All of them are one epoch, that of the last window; the history
 * is empty, so nobody is consistent or long term.
 */
export class RadioPayoutsCalculator {
  /** The parameters in use. */
  readonly params: Readonly<Params>;

  /** Throws `invalid_argument` for an unknown name or values outside the bounds of section 9. */
  constructor(params: PartialParams = {}) {
    this.params = Object.freeze(paramsWith(params));
  }

  /**
   * Shares of these receipts, highest first, ties by DID. Receipts may be in any order.
   *
   * Throws `malformed`, with the position, for what is no receipt or breaks a limit of section 4.2: a sum without it would
   * be a false one.
   */
  calculateProvisionalShares(receipts: readonly DistributionReceipt[]): ProvisionalShare[] {
    return this.calculate(receipts).shares;
  }

  /** The same, with everything that led to it. */
  calculate(receipts: readonly DistributionReceipt[]): ProvisionalCalculation {
    if (!Array.isArray(receipts)) throw new RadioPayoutsError('invalid_argument', 'receipts: expected an array');
    const params = JSON.stringify(this.params);
    const json = toJson('receipts', receipts);
    const result = JSON.parse(call((core) => core.calculate_provisional(params, json))) as Omit<
      ProvisionalCalculation,
      'notice' | 'shares'
    > & { shares: { did: string; amountBaseUnits: Decimal }[] };
    const shares = result.shares.map(({ did, amountBaseUnits }) => ({
      did,
      bloomAmount: Number(formatBloom(amountBaseUnits)),
      amountBaseUnits,
      notice: PROVISIONAL_NOTICE,
    })) satisfies ProvisionalShare[];
    return { notice: PROVISIONAL_NOTICE, ...result, shares };
  }
}

/**
 * The formula of the seed read literally (section 7): `floor(rate * effectiveBytes / (10^6 * paidBytes))` base units, `null`
 * if `paidBytes` is 0. It is there to be compared with; no epoch uses it.
 *
 * `rate` is in femto-BLOOM per byte, `effectiveBytes` those of one contributor, `paidBytes` those of all.
 */
export function literalFormula(input: { rate: Integer; effectiveBytes: Integer; paidBytes: Integer }): Decimal | null {
  const rate = toBigInt('rate', input.rate);
  const effectiveBytes = toBigInt('effectiveBytes', input.effectiveBytes);
  const paidBytes = toBigInt('paidBytes', input.paidBytes);
  return call((core) => core.literal_formula(rate, effectiveBytes, paidBytes)) ?? null;
}
