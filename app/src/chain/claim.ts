// A claim as one or two transactions: a deep proof leaves no room for making the payee's token account in the same one.

import type { Instruction } from '@solana/kit';
import { associatedTokenAddress } from './address';
import { claimShare, computeUnitLimit, createTokenAccount, type ClaimedShare } from './instruction';
import { account } from './rpc';
import { MOST_BYTES, size } from './transaction';

/** Compute units of a claim at the greatest depth, with its token account made. */
const CLAIM_UNITS = 300_000;

/** Whom a claim is paid by and from which deployment. */
export interface ClaimTerms {
  rpcUrl: string;
  program: string;
  payer: string;
  mint: string;
  tokenProgram: string;
  lookupTable: string | null;
}

/** The transactions of a claim, in order, as lists of instructions. */
export async function claimTransactions(terms: ClaimTerms, share: ClaimedShare): Promise<Instruction[][]> {
  const { rpcUrl, program, payer, mint, tokenProgram, lookupTable } = terms;
  const claim = await claimShare(program, payer, mint, tokenProgram, share);
  const limit = computeUnitLimit(CLAIM_UNITS);
  const tokens = await account(rpcUrl, await associatedTokenAddress(share.payee, mint, tokenProgram));
  if (tokens !== undefined) return [[limit, claim]];
  const create = await createTokenAccount(payer, share.payee, mint, tokenProgram);
  const together = [limit, create, claim];
  return (await size(rpcUrl, payer, together, lookupTable)) <= MOST_BYTES ? [together] : [[create], [limit, claim]];
}
