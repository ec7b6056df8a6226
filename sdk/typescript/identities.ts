import { call } from './core.js';
import type { Address, Hex } from './values.js';

/** A DID taken apart. */
export interface ParsedDid {
  did: string;
  method: string;
  /** SHA-256 of the DID: what stands in a leaf. */
  didHash: Hex;
  /** The Ed25519 key of a `did:key`, as an address. */
  key: Address | null;
  /** Who is paid, from the DID alone; `null` if that is bound on chain. */
  payee: Address | null;
}

/**
 * Takes a DID apart (section 3). Throws `malformed` for what is none.
 *
 * `genesisHash` names the cluster; without it a `did:pkh:solana` has no payee.
 */
export function parseDid(did: string, genesisHash?: Address): ParsedDid {
  return JSON.parse(call((core) => core.parse_did(did, genesisHash))) as ParsedDid;
}

/** The `did:key` of an Ed25519 public key. Throws `invalid_argument` for a key that cannot be trusted. */
export function didOfKey(key: Uint8Array | Address): string {
  return call((core) => core.did_of_key(typeof key === 'string' ? core.address_bytes(key) : key));
}

/** `SHA-256("radio-payouts/v1" || genesis_hash || program_id)`: what ties signatures and leaves to one deployment. */
export function deriveDomain(genesisHash: Address, programId: Address): Hex {
  return call((core) => core.derive_domain(genesisHash, programId));
}
