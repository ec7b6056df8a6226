// Against the bytes that the Rust client builds: `app/vectors/instructions.json`, which a test of that crate keeps true.

import { AccountRole, type Instruction } from '@solana/kit';
import { describe, expect, it } from 'vitest';
import vectors from '../../vectors/instructions.json';
import { fromHex } from '../format/base58';
import * as addresses from './address';
import { BorshReader, BorshWriter } from './borsh';
import { IDL_PROGRAM, explainError, instructionAccounts, instructionData, readAccount } from './idl';
import { castVote, claimShare, createTokenAccount } from './instruction';
import { inForce } from './payee';

const { program, payer, payee, mint, tokenProgram } = vectors;
const didHash = fromHex(vectors.didHash);

function plain(instruction: Instruction): unknown {
  const accounts = (instruction.accounts ?? []).map(({ address, role }) => ({
    address,
    signer: role === AccountRole.READONLY_SIGNER || role === AccountRole.WRITABLE_SIGNER,
    writable: role === AccountRole.WRITABLE || role === AccountRole.WRITABLE_SIGNER,
  }));
  const data = Array.from(instruction.data ?? [], (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { program: instruction.programAddress, accounts, data };
}

describe('addresses', () => {
  it('are those of the client', async () => {
    expect({
      config: await addresses.configAddress(program),
      vault: await addresses.vaultAddress(program),
      'epoch 42': await addresses.epochAddress(program, 42n),
      'claims 42, 1': await addresses.claimsAddress(program, 42n, 1),
      binding: await addresses.bindingAddress(program, didHash),
      'proposal 7': await addresses.proposalAddress(program, 7n),
      'stake of the payer': await addresses.stakeAddress(program, payer),
      'vote 7 of the payer': await addresses.voteAddress(program, 7n, payer),
      'token account of the payee': await addresses.associatedTokenAddress(payee, mint, tokenProgram),
    }).toEqual(vectors.addresses);
  });

  it('are of the program that the IDL is of', () => expect(IDL_PROGRAM).toBe(program));
});

describe('instructions', () => {
  it('are the client’s, byte for byte: claim_share', async () => {
    for (const claim of vectors.claims) {
      const share = { epoch: BigInt(claim.epoch), index: claim.index, amount: BigInt(claim.amount), didHash, payee, bound: claim.bound, siblings: claim.siblings };
      expect(plain(await claimShare(program, payer, mint, tokenProgram, share))).toEqual(claim.instruction);
    }
  });

  it('are the client’s, byte for byte: cast_vote', async () => {
    for (const vote of vectors.votes) {
      const built = await castVote(program, payer, BigInt(vote.proposal), vote.choice as 'Yes' | 'No' | 'Abstain');
      expect(plain(built)).toEqual(vote.instruction);
    }
  });

  it('are the client’s, byte for byte: the token account', async () => {
    expect(plain(await createTokenAccount(payer, payee, mint, tokenProgram))).toEqual(vectors.createTokenAccount);
  });

  it('are refused if something is missing or does not fit', () => {
    expect(() => instructionData('no_such_instruction', {})).toThrow('no instruction');
    expect(() => instructionData('claim_share', { claim: { index: 1, amount: 1n }, siblings: [] })).toThrow('did_hash is missing');
    expect(() => instructionData('claim_share', { claim: { index: -1, amount: 1n, did_hash: null }, siblings: [] })).toThrow('does not fit');
    expect(() => instructionData('claim_share', { claim: { index: 1, amount: 2n ** 64n, did_hash: null }, siblings: [] })).toThrow('does not fit');
    expect(() => instructionData('claim_share', { claim: { index: 1, amount: 1n, did_hash: new Uint8Array(31) }, siblings: [] })).toThrow('31 items');
    expect(() => instructionData('cast_vote', { choice: { Perhaps: {} } })).toThrow('no variant');
    expect(() => instructionAccounts('cast_vote', program, { payer })).toThrow('account owner is missing');
  });
});

describe('accounts', () => {
  const binding = (pending: { at: bigint; delay: number } | undefined, payeeNow: string | undefined): Uint8Array => {
    const writer = new BorshWriter();
    writer.bytes(Uint8Array.of(237, 60, 126, 109, 233, 27, 216, 10));
    writer.integer(1n, 1);
    writer.integer(254n, 1);
    writer.bytes(didHash);
    writer.integer(payeeNow === undefined ? 0n : 1n, 1);
    if (payeeNow !== undefined) writer.bytes(addresses.bytesOf(payeeNow));
    writer.integer(pending === undefined ? 0n : 1n, 1);
    if (pending !== undefined) {
      writer.bytes(addresses.bytesOf(payee));
      writer.bytes(addresses.bytesOf(payer));
      writer.integer(1n, 1);
      writer.integer(pending.at, 8, true);
      writer.integer(0n, 8, true);
      writer.integer(BigInt(pending.delay), 4);
    }
    writer.bytes(new Uint8Array(64));
    return writer.finish();
  };

  it('say who a binding pays, and a change only after its delay', () => {
    expect(inForce(readAccount('PayeeBinding', binding(undefined, undefined)), 0n)).toBeUndefined();
    expect(inForce(readAccount('PayeeBinding', binding(undefined, mint)), 0n)).toBe(mint);
    const changing = readAccount('PayeeBinding', binding({ at: 1_000n, delay: 60 }, mint));
    expect([inForce(changing, 1_059n), inForce(changing, 1_060n)]).toEqual([mint, payee]);
  });

  it('are refused if they are another kind, or too short', () => {
    expect(() => readAccount('PayeeBinding', new Uint8Array(200))).toThrow('not a PayeeBinding');
    expect(() => readAccount('PayeeBinding', binding(undefined, mint).subarray(0, 60))).toThrow('ends too early');
  });
});

describe('integers', () => {
  it('are read as they were written, signed and unsigned', () => {
    const writer = new BorshWriter();
    writer.integer(2n ** 64n - 1n, 8);
    writer.integer(-1n, 8, true);
    writer.integer(-(2n ** 63n), 8, true);
    writer.integer(258n, 2);
    const reader = new BorshReader(writer.finish());
    expect([reader.integer(8), reader.integer(8, true), reader.integer(8, true), reader.integer(2)]).toEqual([2n ** 64n - 1n, -1n, -(2n ** 63n), 258n]);
    expect(() => reader.integer(1)).toThrow('ends too early');
    expect(() => new BorshWriter().integer(256n, 1)).toThrow('does not fit');
    expect(() => new BorshWriter().integer(128n, 1, true)).toThrow('does not fit');
  });
});

describe('errors', () => {
  it('have the program’s own words', () => {
    expect(explainError('custom program error: 0x1770')).not.toContain('0x1770');
    expect(explainError('{"InstructionError":[1,{"Custom":6000}]}')).toBe(explainError('custom program error: 0x1770'));
    expect(explainError('blockhash not found')).toBe('blockhash not found');
  });
});
