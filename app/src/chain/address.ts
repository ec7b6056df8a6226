// Addresses of the program's accounts (section 10), derived here and not asked for.

import { getAddressEncoder, getProgramDerivedAddress, address, type Address } from '@solana/kit';

/** The associated token account program. */
export const ASSOCIATED_TOKEN_PROGRAM = address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

async function derive(program: string, seeds: (string | Uint8Array)[]): Promise<Address> {
  const [found] = await getProgramDerivedAddress({ programAddress: address(program), seeds });
  return found;
}

/** The 32 bytes of an address. */
export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(getAddressEncoder().encode(address(text)));
}

export const configAddress = (program: string): Promise<Address> => derive(program, ['config']);
export const vaultAddress = (program: string): Promise<Address> => derive(program, ['vault']);
export const epochAddress = (program: string, epoch: bigint): Promise<Address> => derive(program, ['epoch', u64(epoch)]);
/** The chunk of claim bits `number`: `index / 8192`. */
export const claimsAddress = (program: string, epoch: bigint, number: number): Promise<Address> =>
  derive(program, ['claims', u64(epoch), u32(number)]);
export const bindingAddress = (program: string, didHash: Uint8Array): Promise<Address> => derive(program, ['payee', didHash]);
export const proposalAddress = (program: string, number: bigint): Promise<Address> => derive(program, ['proposal', u64(number)]);
export const stakeAddress = (program: string, owner: string): Promise<Address> => derive(program, ['voter', bytesOf(owner)]);
export const voteAddress = (program: string, number: bigint, owner: string): Promise<Address> =>
  derive(program, ['vote', u64(number), bytesOf(owner)]);
/** The token account of `owner` that everybody can derive. */
export const associatedTokenAddress = (owner: string, mint: string, tokenProgram: string): Promise<Address> =>
  derive(ASSOCIATED_TOKEN_PROGRAM, [bytesOf(owner), bytesOf(tokenProgram), bytesOf(mint)]);
