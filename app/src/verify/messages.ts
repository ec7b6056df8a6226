// What a page and its verifying worker say to each other.

import type { Difference } from '@mycelia/radio-payouts';

/** Where the chain is asked: never the service that is being checked. */
export interface ChainSource {
  rpcUrl: string;
  /** The program's address. */
  programId: string;
  /** The cluster's genesis hash, in base58. */
  genesisHash: string;
}

/** A file of a folder that somebody dropped. */
export interface LocalFile {
  path: string;
  file: File;
}

/** What is to be verified. */
export type Job =
  /** A sealed epoch as a service serves it, and one contributor's share of it. */
  | { kind: 'served'; api: string; epoch: string; did: string | undefined; chain: ChainSource | undefined }
  /** Folders of sealed epochs on this machine. */
  | { kind: 'folders'; files: LocalFile[]; chain: Omit<ChainSource, 'programId' | 'genesisHash'> | undefined; commitment: string | undefined }
  /** A proof bundle. */
  | { kind: 'proof'; text: string; chain: Omit<ChainSource, 'programId' | 'genesisHash'> | undefined; commitment: string | undefined }
  /** Nothing: loads everything that verifying needs, so that it works without a network later. */
  | { kind: 'prepare' };

export type CheckState = 'running' | 'passed' | 'failed' | 'left out';

/** One step, in the order in which they are done. */
export interface Check {
  id: string;
  title: string;
  state: CheckState;
  /** What was found, in a sentence. */
  detail: string;
  /** The first difference, if that is why it failed. */
  difference?: Difference;
  /** Values worth seeing: name, value. */
  facts?: [string, string][];
}

/** What the worker says. */
export type Report =
  | { kind: 'check'; check: Check }
  | { kind: 'progress'; batches: number; batchesExpected: number; bytes: number; stage: string }
  | { kind: 'done'; outcome: Outcome };

/** What came of it. `against` says what the result rests on. */
export interface Outcome {
  passed: boolean;
  against: 'chain' | 'commitment' | 'itself';
  message: string;
}
