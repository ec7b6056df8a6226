import { call, faultOf } from './core.js';
import { RadioPayoutsError } from './errors.js';
import { toBytes, toJson, type Decimal, type Hex } from './values.js';

/** The role in which bytes were delivered. */
export type Role = 'uploader' | 'seeder' | 'relay' | 'storage';
/** Under which rights a track is distributed. */
export type Rights = 'Original' | 'CC' | 'Licensed';

/** A contributor's bytes in a receipt. */
export interface Contribution {
  did: string;
  /** Payload bytes delivered in the window: a delta, retransmissions and padding excluded. */
  bytesOut: number;
  /** `uploader` if absent. */
  role?: Role;
}

/** A receipt of section 4.1 as the front end has it: `recipients` may be absent. */
export interface DistributionReceipt {
  roomId: string;
  trackId: string;
  /** Unix milliseconds. */
  timestamp: number;
  contributors: Contribution[];
  /** Distinct receivers of the track in the window. */
  recipients?: number;
  /** Receivers' counter-signatures: carried and ignored. */
  acks?: string[];
}

/** What is known of a track. */
export interface Metadata {
  title?: string;
  artist?: string;
  album?: string;
  genre?: string;
  artwork?: string;
  license?: string;
  isrc?: string;
  durationMs?: number;
}

/** Describes a track that a batch's receipts mention. */
export interface Descriptor {
  trackId: string;
  uploader: string;
  rights: Rights;
  metadata?: Metadata;
}

/** A batch of section 4.2: everything that an SFU measured in the window `(from, to]`. */
export interface Batch {
  v: 1;
  /** The SFU's did:key. */
  sfu: string;
  /** Number of the batch, from 1. */
  seq: number;
  /** Hash of batch `seq - 1`, 64 zeros for the first. */
  prev: Hex;
  /** Unix milliseconds, exclusive. */
  from: number;
  /** Unix milliseconds, inclusive. */
  to: number;
  tracks: Descriptor[];
  receipts: (DistributionReceipt & { recipients: number })[];
}

/** What an envelope says of its batch. */
export interface BatchHeader {
  sfu: string;
  seq: Decimal;
  hash: Hex;
  prev: Hex;
  fromMs: Decimal;
  toMs: Decimal;
}

/** What came of an envelope: the batch, or the answer that a settler would give. */
export type BatchVerification =
  | { valid: true; header: BatchHeader; batch: Batch }
  | { valid: false; answer: 'wrong_version' | 'malformed' | 'not_canonical' | 'bad_signature'; explanation: string };

/** The canonical bytes (section 4.3) of a batch, in whatever order its keys are. Throws `malformed` for what is no batch. */
export function canonicalise(batch: Batch | string): Uint8Array {
  const json = toJson('batch', batch);
  return call((core) => core.canonical_bytes(json));
}

/** SHA-256 of the canonical bytes. */
export function batchHash(batch: Batch | string): Hex {
  const json = toJson('batch', batch);
  return call((core) => core.batch_hash(json));
}

/** The 126 bytes that an SFU signs. */
export function batchMessage(batch: Batch | string, domain: Hex): Uint8Array {
  const json = toJson('batch', batch);
  return call((core) => core.batch_message(json, domain));
}

/**
 * Signs a batch. `secretKey` is the key's 32-byte seed, or the 64 bytes of a Solana key file.
 *
 * Returns the envelope: one line without a line end, to be sent as it is. An SFU persists `seq` and hash before it sends.
 */
export function signBatch(batch: Batch | string, secretKey: Uint8Array, domain: Hex): string {
  const json = toJson('batch', batch);
  return call((core) => core.sign_batch(json, secretKey, domain));
}

/**
 * Signs a batch with an Ed25519 `CryptoKey` that may sign; it need not be extractable.
 *
 * The signature is checked before it is returned: `bad_signature` if the key is not that of the batch's SFU.
 */
export async function signBatchWithWebCrypto(batch: Batch | string, privateKey: CryptoKey, domain: Hex): Promise<string> {
  if (globalThis.crypto?.subtle === undefined) {
    throw new RadioPayoutsError('invalid_argument', 'there is no WebCrypto here (globalThis.crypto.subtle)');
  }
  const json = toJson('batch', batch);
  const message = call((core) => core.batch_message(json, domain));
  const signature = await globalThis.crypto.subtle.sign('Ed25519', privateKey, message as Uint8Array<ArrayBuffer>);
  return call((core) => core.attach_signature(json, new Uint8Array(signature), domain));
}

/** Reads an envelope and checks its signature strictly (canonical S, no small-order keys), against this domain. */
export function verifyBatch(envelope: string | Uint8Array, domain: Hex): BatchVerification {
  const bytes = toBytes(envelope);
  const outcome = faultOf((core) => core.verify_batch(bytes, domain));
  if ('fault' in outcome) {
    const { code, message } = outcome.fault;
    if (code === 'invalid_argument') throw new RadioPayoutsError(code, message);
    return { valid: false, answer: code as 'malformed', explanation: message };
  }
  const { batch } = JSON.parse(new TextDecoder().decode(bytes)) as { batch: Batch };
  return { valid: true, header: JSON.parse(outcome.result) as BatchHeader, batch };
}
