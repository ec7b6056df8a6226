/**
 * `@mycelia/radio-payouts`: the Radio Payouts protocol in WebAssembly.
 *
 * Two rules of naming. Documents that the settler writes or serves (manifest, statement, proof bundle, parameters) keep the field
 * names that they have there, in snake_case. What this package computes has camelCase names. In both, an integer that can exceed
 * 2^53 is a decimal string, bytes are lower-case hexadecimal ({@link Hex}), addresses are base58 ({@link Address}).
 *
 * Everything but {@link recomputeEpoch} and {@link signBatchWithWebCrypto} is synchronous. There is nothing to await before the first
 * call: the WebAssembly module is part of the JavaScript file and is compiled when it is first used. Results are plain data, which
 * `postMessage` can carry: {@link recomputeEpoch} belongs into a worker if the epoch is large.
 */

/** Bytes in lower-case hexadecimal. */
export type Hex = string;
/** Thirty-two bytes in base58. */
export type Address = string;
/** An unsigned integer below 2^64 as a decimal string. */
export type Decimal = string;
/** What is accepted for an unsigned integer below 2^64: a decimal string, a bigint, or a number up to 2^53 - 1. */
export type Integer = Decimal | bigint | number;

// ---------------------------------------------------------------------------------------------------------------- errors

/** What was wrong. Answers of section 4.4 have their own codes. */
export type ErrorCode =
  | 'invalid_argument' // an argument of the wrong kind or out of range
  | 'malformed' // not JSON, a missing, unknown or wrong field, over a limit
  | 'wrong_version'
  | 'not_canonical'
  | 'bad_signature'
  | 'wrong_key' // the key is not that of the batch's SFU
  | 'difference' // a recomputation or comparison found something else; see DifferenceError
  | 'aborted'; // the AbortSignal

/** Every error that this package throws. `message` is a sentence for people. */
export class RadioPayoutsError extends Error {
  readonly code: ErrorCode;
}

/** Where two things differ: the first place found, as precisely as it can be named. */
export interface Difference {
  /** What was compared. */
  subject: 'batches' | 'manifest' | 'parent' | 'history' | 'statement' | 'payouts' | 'chain';
  /** The whole in one sentence, ready to be shown. */
  message: string;
  /** Path of the field, such as `statement.batches.sum` or `amount_base_units`. */
  field?: string;
  /** What was found in the file, the answer or on chain. */
  found?: string;
  /** What follows from the signed batches. */
  recomputed?: string;
  /** File and line (from 1), if it is a line of a file. */
  file?: string;
  line?: number;
  /** The SFU's DID and the batch's number, if it is a batch. */
  sfu?: string;
  seq?: Decimal;
  /** The contributor and the global index of the leaf, if it is a share. */
  did?: string;
  leafIndex?: number;
}

/** Thrown by {@link recomputeEpoch} when the files contradict themselves: a false signature, a broken line, a wrong parent. */
export class DifferenceError extends RadioPayoutsError {
  readonly code: 'difference';
  readonly difference: Difference;
}

// ------------------------------------------------------------------------------------------------- receipts and batches (4)

export type Role = 'uploader' | 'seeder' | 'relay' | 'storage';
export type Rights = 'Original' | 'CC' | 'Licensed';

export interface Contribution {
  did: string;
  /** Payload bytes delivered in the window: a delta. */
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
  recipients?: number;
  acks?: string[];
}

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

export interface Descriptor {
  trackId: string;
  uploader: string;
  rights: Rights;
  metadata?: Metadata;
}

/** A batch of section 4.2. */
export interface Batch {
  v: 1;
  sfu: string;
  seq: number;
  prev: Hex;
  from: number;
  to: number;
  tracks: Descriptor[];
  receipts: (DistributionReceipt & { recipients: number })[];
}

export interface BatchHeader {
  sfu: string;
  seq: Decimal;
  hash: Hex;
  prev: Hex;
  fromMs: Decimal;
  toMs: Decimal;
}

export type BatchVerification =
  | { valid: true; header: BatchHeader; batch: Batch }
  | { valid: false; answer: 'wrong_version' | 'malformed' | 'not_canonical' | 'bad_signature'; explanation: string };

/** The canonical bytes (section 4.3) of a batch, whatever the order of its keys. Throws `malformed` for what is no batch. */
export function canonicalise(batch: Batch | string): Uint8Array;
/** SHA-256 of the canonical bytes. */
export function batchHash(batch: Batch | string): Hex;
/** The 126 bytes that an SFU signs. */
export function batchMessage(batch: Batch | string, domain: Hex): Uint8Array;
/**
 * Signs a batch. `secretKey` is the 32-byte seed, or the 64 bytes of a Solana key file.
 * Returns the envelope: one line without a line end, to be sent as it is.
 */
export function signBatch(batch: Batch | string, secretKey: Uint8Array, domain: Hex): string;
/** Signs a batch with an Ed25519 `CryptoKey`, which need not be extractable. The signature is checked before it is returned. */
export function signBatchWithWebCrypto(batch: Batch | string, privateKey: CryptoKey, domain: Hex): Promise<string>;
/** Reads an envelope and checks its signature strictly, against this domain. */
export function verifyBatch(envelope: string | Uint8Array, domain: Hex): BatchVerification;

// ------------------------------------------------------------------------------------------------------ identities (2, 3)

export interface ParsedDid {
  did: string;
  method: string;
  /** SHA-256 of the DID: what stands in a leaf. */
  didHash: Hex;
  /** The Ed25519 key of a `did:key`, as an address. */
  key: Address | null;
  /** Who is paid on the given cluster; `null` if that is bound on chain. */
  payee: Address | null;
}

/** Takes a DID apart. `genesisHash` names the cluster on which a `did:pkh:solana` is paid. Throws `malformed`. */
export function parseDid(did: string, genesisHash?: Address): ParsedDid;
/** The `did:key` of an Ed25519 public key. */
export function didOfKey(key: Uint8Array | Address): string;
/** `SHA-256("radio-payouts/v1" || genesis_hash || program_id)`. */
export function deriveDomain(genesisHash: Address, programId: Address): Hex;

// ------------------------------------------------------------------------------------------------ parameters, calculator (7, 9, 12)

/** The values of one version of the parameters, as they stand in a manifest. Units: section 9. */
export interface Params {
  rate: Decimal;
  epoch_cap: Decimal;
  max_share_bps: number;
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
  peak_hours_utc: number;
  high_quality_min_kbps: number;
  metadata_min_fields: number;
  popular_min_listener_ms: Decimal;
  max_kbps_per_recipient: number;
  min_kbps_per_recipient: number;
  pay_licensed: boolean;
}

/** Parameters that differ from those of a demo. `manifest.params` will do as well. */
export type PartialParams = { [Name in keyof Params]?: Params[Name] extends Decimal ? Integer : Params[Name] };

/** The parameters of a demo. */
export function demoParams(): Params;

/** What every result of the calculator says of itself. */
export const PROVISIONAL_NOTICE: 'Provisional calculation for demonstration. Mainnet payouts require governance approval.';

export interface ProvisionalShare {
  did: string;
  /** BLOOM, for display: a floating-point number. */
  bloomAmount: number;
  /** Base units (10^-9 BLOOM), exact. */
  amountBaseUnits: Decimal;
  /** {@link PROVISIONAL_NOTICE}. */
  notice: typeof PROVISIONAL_NOTICE;
}

export interface ProvisionalCalculation {
  notice: typeof PROVISIONAL_NOTICE;
  /** Highest first, ties by DID. */
  shares: ProvisionalShare[];
  poolBaseUnits: Decimal;
  /** Largest amount that one contributor gets. */
  capBaseUnits: Decimal;
  allocatedBaseUnits: Decimal;
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

/** The calculator of section 12. All receipts are one epoch, that of the last window; the history is empty. */
export class RadioPayoutsCalculator {
  /** Throws `invalid_argument` for an unknown name or values outside the bounds of section 9. */
  constructor(params?: PartialParams);
  /** The parameters in use. */
  readonly params: Params;
  /** Receipts in any order. Throws `malformed`, with the position, for what is no receipt or breaks a limit of 4.2. */
  calculateProvisionalShares(receipts: DistributionReceipt[]): ProvisionalShare[];
  /** The same with everything that led to it. */
  calculate(receipts: DistributionReceipt[]): ProvisionalCalculation;
}

/**
 * The formula of the seed read literally (section 7): `floor(rate * effectiveBytes / (10^6 * paidBytes))` base units.
 * `null` if `paidBytes` is 0. It is not used for epochs.
 */
export function literalFormula(input: { rate: Integer; effectiveBytes: Integer; paidBytes: Integer }): Decimal | null;

/** Base units as BLOOM with all nine decimals: `formatBloom('1500000000') === '1.500000000'`. */
export function formatBloom(baseUnits: Integer): string;

// ------------------------------------------------------------------------------------------------------- proofs (8)

export interface TreeRoot {
  root: Hex;
  sum: Decimal;
  count: number;
}

/** The statement of section 5.2 as it stands in manifests, bundles and answers. */
export interface Statement {
  epoch: Decimal;
  parent: Hex;
  params_version: number;
  registry_version: Decimal;
  inputs_hash: Hex;
  history_hash: Hex;
  batches: TreeRoot;
  pool: Decimal;
  payouts: TreeRoot[];
}

export interface Deployment {
  domain: Hex;
  genesis_hash: Hex;
  program_id: Hex;
  genesis_unix: number;
  epoch_seconds: number;
}

/** What `settler prove` writes and `GET /api/v1/epochs/{epoch}/contributors/{did}/proof` serves. */
export interface ProofBundle {
  format: 'radio-payouts/proof/v1';
  standing: string;
  deployment: Deployment;
  commitment: Hex;
  statement: Statement;
  max_share_bps: number;
  share: { did: string; index: number; payee: Hex; amount_base_units: Decimal };
  siblings: { hash: Hex; sum: Decimal }[];
}

export type ProofFault =
  | 'malformed' // not a bundle of version 1
  | 'wrong_domain' // the domain is not that of genesis hash and program, or not the one expected
  | 'wrong_commitment' // the statement does not lead to the commitment, or it is not the one expected
  | 'wrong_root' // the statement's tree is not the root given
  | 'position_out_of_range'
  | 'wrong_length'
  | 'sum_overflow'
  | 'sum_mismatch' // an amount was altered
  | 'root_mismatch' // an identity, payee, index or sibling was altered
  | 'over_cap'; // more than `max_share_bps` of the pool

export type ProofVerification =
  | { valid: true; did: string; payee: Address | null; amountBaseUnits: Decimal; index: number; tree: number; epoch: Decimal }
  | { valid: false; fault: ProofFault; explanation: string };

/** What a proof is checked against; it must come from the chain, not from where the proof came from. */
export type TrustedRoot = TreeRoot | EpochAccount;

/**
 * Verifies a proof bundle. With a {@link TreeRoot} the share's tree must be that one; with an {@link EpochAccount} domain, epoch and
 * commitment must be the account's too. The bundle's own statement is never believed.
 */
export function verifyProof(bundle: ProofBundle | string, root: TrustedRoot): ProofVerification;
/** Number of the tree and position in it of a share. */
export function locateShare(index: number): { tree: number; position: number };
/** The commitment of a statement. */
export function commitmentOf(statement: Statement, domain: Hex): Hex;

// ------------------------------------------------------------------------------------------------------- the chain (10)

export type EpochStatus = 'open' | 'posted' | 'disputed' | 'final' | 'ratified' | 'closed' | 'revoked';

/** The program's `Epoch` account. */
export interface EpochAccount {
  kind: 'Epoch';
  epoch: Decimal;
  status: EpochStatus;
  /** Whether a root is in force: the statement counts only then. */
  hasRoot: boolean;
  attempt: number;
  domain: Hex;
  mode: 'demo' | 'live';
  commitment: Hex;
  parentEpoch: Decimal | null;
  statement: Statement;
  payoutsSum: Decimal;
  shareCap: Decimal;
  contested: boolean;
  claimed: Decimal;
  /** Unix seconds; `null` if it has not come to that. */
  postedAtUnix: number | null;
  finalizedAtUnix: number | null;
  ratifiedAtUnix: number | null;
}

/**
 * Reads the data of an `Epoch` account (`getAccountInfo`, decoded from base64). That the account is at {@link epochAddress} and belongs
 * to the program is for the caller to check. Throws `malformed`; the statement must lead to the commitment if a root is in force.
 */
export function decodeEpochAccount(data: Uint8Array): EpochAccount;
/** Address of the `Epoch` account. */
export function epochAddress(programId: Address, epoch: Integer): Address;
/** Address of the `Config` account. */
export function configAddress(programId: Address): Address;

// ------------------------------------------------------------------------------------------------- recomputing an epoch (12)

/** A file of signed envelopes: `batches/<key>.ndjson` of an epoch's folder. */
export interface BatchFile {
  /** Its name, for messages. */
  name: string;
  bytes: Uint8Array;
}

export interface RecomputeInput {
  /** `manifest.json`. */
  manifest: Uint8Array | string;
  /** `batches/*.ndjson`, in any order; an async iterable can fetch them one by one. */
  batches: Iterable<BatchFile> | AsyncIterable<BatchFile>;
  /** `history.parquet`. Needed if the epoch has a parent with a history; checked against the parent's commitment. */
  history?: Uint8Array;
  /** `manifest.json` of the parent: its cursors are then compared with what this manifest says of them. */
  parentManifest?: Uint8Array | string;
  onProgress?: (progress: RecomputeProgress) => void;
  signal?: AbortSignal;
}

export interface RecomputeProgress {
  stage: 'reading' | 'checking signatures' | 'settling' | 'done';
  /** Batches whose signature holds so far. */
  batches: number;
  /** Bytes of batch files worked through so far. */
  bytes: number;
  /** How many batches the manifest speaks of. */
  batchesExpected: number;
}

export interface Payout {
  /** Global index of the leaf; `null` without one. */
  index: number | null;
  did: string;
  didHash: Hex;
  /** `null` if the DID has none of its own. */
  payee: Address | null;
  bytes: Decimal;
  effectiveBytes: Decimal;
  /** Base units before the cap. */
  raw: Decimal;
  /** Base units. */
  amount: Decimal;
  /** Why there is no leaf. */
  reason: 'below_minimum' | 'below_raised_minimum' | null;
}

export interface Totals {
  bytes: Decimal;
  paid_bytes: Decimal;
  effective_bytes: Decimal;
  cap_base_units: Decimal;
  minimum_base_units: Decimal;
  allocated_base_units: Decimal;
  unallocated_base_units: Decimal;
  contributors: number;
}

export interface RecomputedEpoch {
  epoch: Decimal;
  mode: 'demo' | 'live';
  deployment: Deployment;
  params: Params;
  /** What the signed batches lead to. */
  commitment: Hex;
  statement: Statement;
  totals: Totals;
  /** Everybody, by `didHash`: the order of the leaves. */
  payouts: Payout[];
  /** Batches by verdict (`accepted` or one of section 4.4). */
  batches: Record<string, number>;
  /** Receipts of accepted batches by verdict. */
  receipts: Record<string, number>;
  /** First difference from what the manifest itself claims; `null` if there is none. */
  manifestDifference: Difference | null;
  /** Whether `parentManifest` was given and agrees. */
  parentCompared: boolean;
}

/**
 * Recomputes an epoch from its signed batches: every signature, verdict, cell, weight, amount, tree and the commitment, on the same path as
 * `settler verify --offline`. Nothing in the files is believed but signatures; what the epoch rests on besides (parameters, registry,
 * parent) stands in the manifest and enters the result, so the caller compares with the chain: {@link compareWithChain}.
 */
export function recomputeEpoch(input: RecomputeInput): Promise<RecomputedEpoch>;

/** The first field in which a statement differs from the recomputed one. */
export function compareStatement(found: Statement, recomputed: RecomputedEpoch): Difference | null;
/** The first difference from the chain: domain, epoch, root in force, then the statement's fields. */
export function compareWithChain(account: EpochAccount, recomputed: RecomputedEpoch): Difference | null;
/** The first difference of a served `payouts.csv`: which leaf, DID and field. */
export function comparePayouts(csv: Uint8Array | string, recomputed: RecomputedEpoch): Difference | null;
