// The two instructions that a contributor or voter sends from here: claim_share and cast_vote.

import { address, type Instruction, AccountRole } from '@solana/kit';
import {
  ASSOCIATED_TOKEN_PROGRAM,
  associatedTokenAddress,
  bindingAddress,
  claimsAddress,
  configAddress,
  epochAddress,
  proposalAddress,
  stakeAddress,
  vaultAddress,
  voteAddress,
} from './address';
import { fromHex } from '../format/base58';
import { instructionAccounts, instructionData, type Value } from './idl';

const SYSTEM_PROGRAM = '11111111111111111111111111111111';
const COMPUTE_BUDGET_PROGRAM = 'ComputeBudget111111111111111111111111111111';
/** Indices in one chunk of claim bits. */
const CHUNK_INDICES = 8_192;

/** A share that is claimed, as its proof bundle has it. */
export interface ClaimedShare {
  epoch: bigint;
  index: number;
  amount: bigint;
  didHash: Uint8Array;
  /** Who is paid. */
  payee: string;
  /** Whether that is a binding of the DID and not the leaf's own payee. */
  bound: boolean;
  siblings: { hash: string; sum: string }[];
}

function build(program: string, name: string, accounts: Record<string, string>, args: { [name: string]: Value }): Instruction {
  return {
    programAddress: address(program),
    accounts: instructionAccounts(name, program, accounts).map((account) => ({
      address: address(account.address),
      role: account.signer
        ? account.writable
          ? AccountRole.WRITABLE_SIGNER
          : AccountRole.READONLY_SIGNER
        : account.writable
          ? AccountRole.WRITABLE
          : AccountRole.READONLY,
    })),
    data: instructionData(name, args),
  };
}

/** Pays a share into the associated token account of its payee. */
export async function claimShare(program: string, payer: string, mint: string, tokenProgram: string, share: ClaimedShare): Promise<Instruction> {
  const accounts: Record<string, string> = {
    payer,
    config: await configAddress(program),
    epoch: await epochAddress(program, share.epoch),
    chunk: await claimsAddress(program, share.epoch, Math.floor(share.index / CHUNK_INDICES)),
    mint,
    vault: await vaultAddress(program),
    payee_account: await associatedTokenAddress(share.payee, mint, tokenProgram),
    token_program: tokenProgram,
    system_program: SYSTEM_PROGRAM,
  };
  if (share.bound) accounts['binding'] = await bindingAddress(program, share.didHash);
  return build(program, 'claim_share', accounts, {
    claim: { index: share.index, amount: share.amount, did_hash: share.bound ? null : share.didHash },
    siblings: share.siblings.map((sibling) => ({ hash: fromHex(sibling.hash), sum: BigInt(sibling.sum) })),
  });
}

/** Votes with the whole stake of `owner`. */
export async function castVote(program: string, owner: string, proposal: bigint, choice: 'Yes' | 'No' | 'Abstain'): Promise<Instruction> {
  const accounts = {
    payer: owner,
    owner,
    config: await configAddress(program),
    stake: await stakeAddress(program, owner),
    proposal: await proposalAddress(program, proposal),
    vote: await voteAddress(program, proposal, owner),
    system_program: SYSTEM_PROGRAM,
  };
  return build(program, 'cast_vote', accounts, { choice: { [choice]: {} } });
}

/** Creates the associated token account of `owner`, if it is not there. */
export async function createTokenAccount(payer: string, owner: string, mint: string, tokenProgram: string): Promise<Instruction> {
  return {
    programAddress: ASSOCIATED_TOKEN_PROGRAM,
    accounts: [
      { address: address(payer), role: AccountRole.WRITABLE_SIGNER },
      { address: await associatedTokenAddress(owner, mint, tokenProgram), role: AccountRole.WRITABLE },
      { address: address(owner), role: AccountRole.READONLY },
      { address: address(mint), role: AccountRole.READONLY },
      { address: address(SYSTEM_PROGRAM), role: AccountRole.READONLY },
      { address: address(tokenProgram), role: AccountRole.READONLY },
    ],
    // `CreateIdempotent`.
    data: Uint8Array.of(1),
  };
}

/** Asks for so many compute units. */
export function computeUnitLimit(units: number): Instruction {
  const data = new Uint8Array(5);
  data[0] = 2;
  new DataView(data.buffer).setUint32(1, units, true);
  return { programAddress: address(COMPUTE_BUDGET_PROGRAM), data };
}
