/** What was wrong. Answers of section 4.4 have their own codes. */
export type ErrorCode =
  /** An argument of the wrong kind or out of range. */
  | 'invalid_argument'
  /** Not JSON, a missing, unknown or wrong field, over a limit. */
  | 'malformed'
  | 'wrong_version'
  | 'not_canonical'
  | 'bad_signature'
  /** The key is not that of the batch's SFU. */
  | 'wrong_key'
  /** A recomputation found something else than the files say: a {@link DifferenceError}. */
  | 'difference'
  /** The `AbortSignal`. */
  | 'aborted';

/** Every error that this package throws. `message` is a sentence for people, `code` is for programs. */
export class RadioPayoutsError extends Error {
  override readonly name: string = 'RadioPayoutsError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Where two things differ: the first place found, as precisely as it can be named. */
export interface Difference {
  /** What was compared. */
  subject: 'batches' | 'manifest' | 'parent' | 'history' | 'statement' | 'payouts' | 'chain';
  /** The whole in one sentence, ready to be shown. */
  message: string;
  /** Path of the field, such as `statement.pool`, or the column. */
  field?: string;
  /** What was found in the file, the answer or on chain. */
  found?: string;
  /** What follows from the signed batches. */
  recomputed?: string;
  /** The file, if it is one. */
  file?: string;
  /** Its line, from 1. */
  line?: number;
  /** The SFU's DID, if it is about one. */
  sfu?: string;
  /** The batch's number. */
  seq?: string;
  /** The contributor, if it is a share. */
  did?: string;
  /** Global index of the share's leaf. */
  leafIndex?: number;
}

/** Files that contradict themselves: a false signature, a line that is no envelope, another parent. */
export class DifferenceError extends RadioPayoutsError {
  override readonly name = 'DifferenceError';
  readonly difference: Difference;

  constructor(difference: Difference) {
    super('difference', difference.message);
    this.difference = difference;
  }
}
