import type { EpochAccount } from './chain.js';
import { call, faultOf } from './core.js';
import { RadioPayoutsError } from './errors.js';
import { toJson, type Address, type Decimal, type Hex } from './values.js';

/** What is committed of a tree. */
export interface TreeRoot {
  root: Hex;
  sum: Decimal;
  /** Number of leaves. */
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
  /** Base units to be split. */
  pool: Decimal;
  payouts: TreeRoot[];
}

/** Cluster and program. */
export interface Deployment {
  domain: Hex;
  genesis_hash: Hex;
  program_id: Hex;
  genesis_unix: number;
  epoch_seconds: number;
}

/** What `settler prove` writes, and the API serves as the `data` of its answer. */
export interface ProofBundle {
  format: 'radio-payouts/proof/v1';
  standing: string;
  deployment: Deployment;
  commitment: Hex;
  statement: Statement;
  max_share_bps: number;
  share: { did: string; index: number; payee: Hex; amount_base_units: Decimal };
  /** Lowest first. */
  siblings: { hash: Hex; sum: Decimal }[];
}

/** Why a bundle proves nothing. */
export type ProofFault =
  /** Not a bundle of version 1. */
  | 'malformed'
  /** The domain is not that of genesis hash and program, or not the account's. */
  | 'wrong_domain'
  /** The statement does not lead to the commitment, or it is not the account's. */
  | 'wrong_commitment'
  /** The account has no root in force, or is that of another epoch. */
  | 'wrong_epoch'
  /** The tree that the bundle names is not the one given. */
  | 'wrong_root'
  | 'position_out_of_range'
  | 'wrong_length'
  | 'sum_overflow'
  /** An amount was altered. */
  | 'sum_mismatch'
  /** A DID, payee, index or sibling was altered. */
  | 'root_mismatch'
  /** More than `max_share_bps` of the pool. */
  | 'over_cap';

/** What a bundle proves, or why it proves nothing. */
export type ProofVerification =
  | {
      valid: true;
      did: string;
      /** `null` if the DID has none of its own: then the binding at the time of the claim is paid. */
      payee: Address | null;
      amountBaseUnits: Decimal;
      /** Global index of the leaf. */
      index: number;
      /** Number of the tree that it is in. */
      tree: number;
      epoch: Decimal;
    }
  | { valid: false; fault: ProofFault; explanation: string };

/**
 * Verifies a proof bundle (section 8) against what the caller trusts, which must not come from where the bundle came from.
 *
 * With a {@link TreeRoot} the share's tree must be that one. With an {@link EpochAccount} domain, epoch and commitment must be
 * the account's as well. What the bundle says of itself is never believed.
 */
export function verifyProof(bundle: ProofBundle | string, trusted: TreeRoot | EpochAccount): ProofVerification {
  const json = toJson('bundle', bundle);
  let root: TreeRoot;
  if ('kind' in trusted) {
    const found = rootOfAccount(json, trusted);
    if ('valid' in found) return found;
    root = found;
  } else {
    root = trusted;
  }
  const outcome = faultOf((core) => core.verify_against_root(json, toJson('root', root)));
  if ('fault' in outcome) {
    const { code, message } = outcome.fault;
    if (code === 'invalid_argument') throw new RadioPayoutsError(code, message);
    return refused(code as ProofFault, message);
  }
  return { valid: true, ...(JSON.parse(outcome.result) as object) } as ProofVerification;
}

/** The root of the account's tree that a share of this index is in, if the bundle is for this account at all. */
function rootOfAccount(json: string, account: EpochAccount): TreeRoot | ProofVerification {
  let bundle: Partial<ProofBundle>;
  try {
    bundle = JSON.parse(json) as Partial<ProofBundle>;
  } catch {
    return refused('malformed', 'bundle: not JSON');
  }
  const { deployment, statement, commitment, share } = bundle ?? {};
  if (!account.hasRoot) return refused('wrong_epoch', `epoch ${account.epoch} has no root in force: it is ${account.status}`);
  if (deployment?.domain !== account.domain) return refused('wrong_domain', "the bundle's domain is not the account's");
  if (statement?.epoch !== account.epoch) return refused('wrong_epoch', "the bundle's epoch is not the account's");
  if (commitment !== account.commitment) {
    return refused('wrong_commitment', 'the commitment in force on chain is not the one that the bundle is for');
  }
  if (typeof share?.index !== 'number') return refused('malformed', 'bundle: no share');
  const root = account.statement.payouts[locateShare(share.index).tree];
  return root ?? refused('position_out_of_range', 'the index is beyond the trees');
}

function refused(fault: ProofFault, explanation: string): ProofVerification {
  return { valid: false, fault, explanation };
}

/** Number of the tree and position in it of a share with this global index. */
export function locateShare(index: number): { tree: number; position: number } {
  if (!Number.isInteger(index) || index < 0 || index > 0xffff_ffff) {
    throw new RadioPayoutsError('invalid_argument', `index: ${index} is no index of a leaf`);
  }
  return call((core) => ({ tree: core.tree_of(index), position: core.position_of(index) }));
}

/** The commitment of a statement. */
export function commitmentOf(statement: Statement, domain: Hex): Hex {
  const json = toJson('statement', statement);
  return call((core) => core.commitment_of(json, domain));
}
