/**
 * `@mycelia/radio-payouts`: the Radio Payouts protocol in WebAssembly.
 *
 * Two rules of naming. Documents that the settler writes or serves (manifest, statement, proof bundle, parameters) keep their
 * fields' names, in snake_case. What this package computes has camelCase names. In both, an integer that can exceed 2^53 is a
 * decimal string, bytes are lower-case hexadecimal, addresses are base58.
 *
 * Everything but `recomputeEpoch` and `signBatchWithWebCrypto` is synchronous, and there is nothing to await before the first
 * call: the WebAssembly module is part of the JavaScript file and is compiled when it is first used.
 *
 * @module
 */
export { RadioPayoutsError, DifferenceError, type Difference, type ErrorCode } from './errors.js';
export { formatBloom, type Address, type Decimal, type Hex, type Integer } from './values.js';
export {
  batchHash,
  batchMessage,
  canonicalise,
  signBatch,
  signBatchWithWebCrypto,
  verifyBatch,
  type Batch,
  type BatchHeader,
  type BatchVerification,
  type Contribution,
  type Descriptor,
  type DistributionReceipt,
  type Metadata,
  type Rights,
  type Role,
} from './batches.js';
export { deriveDomain, didOfKey, parseDid, type ParsedDid } from './identities.js';
export {
  PROVISIONAL_NOTICE,
  RadioPayoutsCalculator,
  demoParams,
  literalFormula,
  type Params,
  type PartialParams,
  type ProvisionalCalculation,
  type ProvisionalShare,
} from './calculator.js';
export {
  commitmentOf,
  locateShare,
  verifyProof,
  type Deployment,
  type ProofBundle,
  type ProofFault,
  type ProofVerification,
  type Statement,
  type TreeRoot,
} from './proofs.js';
export {
  configAddress,
  decodeEpochAccount,
  epochAddress,
  type EpochAccount,
  type EpochStatus,
} from './chain.js';
export {
  recomputeEpoch,
  type BatchFile,
  type Payout,
  type RecomputeInput,
  type RecomputeProgress,
  type RecomputedEpoch,
  type Totals,
} from './recompute.js';
export { comparePayouts, compareStatement, compareWithChain } from './compare.js';
