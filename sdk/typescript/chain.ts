import { call } from './core.js';
import type { Statement } from './proofs.js';
import { toBigInt, type Address, type Decimal, type Hex, type Integer } from './values.js';

/** Where an epoch stands on chain. */
export type EpochStatus = 'open' | 'posted' | 'disputed' | 'final' | 'ratified' | 'closed' | 'revoked';

/** The program's `Epoch` account. */
export interface EpochAccount {
  kind: 'Epoch';
  epoch: Decimal;
  status: EpochStatus;
  /** Whether a root is in force: the statement counts only then. */
  hasRoot: boolean;
  /** How often the epoch returned to Open. */
  attempt: number;
  domain: Hex;
  mode: 'demo' | 'live';
  commitment: Hex;
  parentEpoch: Decimal | null;
  statement: Statement;
  /** Base units of all leaves. */
  payoutsSum: Decimal;
  /** Largest share in base units. */
  shareCap: Decimal;
  /** Unix seconds; `null` if it has not come to that. */
  postedAtUnix: number | null;
  finalizedAtUnix: number | null;
  ratifiedAtUnix: number | null;
  /** Whether a dispute of the root in force lapsed. */
  contested: boolean;
  /** Base units. */
  claimed: Decimal;
}

/**
 * Reads the data of an `Epoch` account: what `getAccountInfo` returns, decoded from base64.
 *
 * That the account stands at {@link epochAddress} and is owned by the program is for the caller to check. Throws `malformed`
 * for anything else than such an account, and if the statement of a root in force does not lead to its commitment.
 */
export function decodeEpochAccount(data: Uint8Array): EpochAccount {
  return JSON.parse(call((core) => core.decode_epoch_account(data))) as EpochAccount;
}

/** Address of the `Epoch` account of an epoch. */
export function epochAddress(programId: Address, epoch: Integer): Address {
  const number = toBigInt('epoch', epoch);
  return call((core) => core.epoch_address(programId, number));
}

/** Address of the `Config` account. */
export function configAddress(programId: Address): Address {
  return call((core) => core.config_address(programId));
}
