// A transaction of version 0, compiled for a wallet to sign.

import {
  address,
  appendTransactionMessageInstructions,
  blockhash as asBlockhash,
  compileTransaction,
  compressTransactionMessageUsingAddressLookupTables,
  createTransactionMessage,
  getTransactionEncoder,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  type Address,
  type Instruction,
} from '@solana/kit';
import { base58 } from '../format/base58';
import { account, latestBlockhash } from './rpc';

/** Most bytes of a transaction. */
export const MOST_BYTES = 1_232;
/** Bytes before the addresses in a lookup table's account. */
const TABLE_HEAD = 56;

async function encode(rpcUrl: string, payer: string, instructions: Instruction[], lookupTable: string | null): Promise<Uint8Array> {
  const { blockhash, lastValidBlockHeight } = await latestBlockhash(rpcUrl);
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (message) => setTransactionMessageFeePayer(address(payer), message),
    (message) => setTransactionMessageLifetimeUsingBlockhash({ blockhash: asBlockhash(blockhash), lastValidBlockHeight }, message),
    (message) => appendTransactionMessageInstructions(instructions, message),
  );
  const tables = lookupTable === null ? {} : { [lookupTable as Address]: await addressesOf(rpcUrl, lookupTable) };
  const compressed = lookupTable === null ? message : compressTransactionMessageUsingAddressLookupTables(message, tables);
  return new Uint8Array(getTransactionEncoder().encode(compileTransaction(compressed)));
}

/** How many bytes a transaction would have. */
export async function size(rpcUrl: string, payer: string, instructions: Instruction[], lookupTable: string | null): Promise<number> {
  return (await encode(rpcUrl, payer, instructions, lookupTable)).length;
}

/** The unsigned bytes of a transaction. Throws if it is too large to be sent. */
export async function compile(rpcUrl: string, payer: string, instructions: Instruction[], lookupTable: string | null): Promise<Uint8Array> {
  const bytes = await encode(rpcUrl, payer, instructions, lookupTable);
  if (bytes.length > MOST_BYTES) {
    throw new RangeError(`the transaction has ${bytes.length} bytes, more than ${MOST_BYTES}: the proof is too deep without the deployment’s lookup table`);
  }
  return bytes;
}

async function addressesOf(rpcUrl: string, table: string): Promise<Address[]> {
  const found = await account(rpcUrl, table);
  if (found === undefined) throw new RangeError(`there is no lookup table at ${table}`);
  const addresses: Address[] = [];
  for (let at = TABLE_HEAD; at + 32 <= found.data.length; at += 32) addresses.push(address(base58(found.data.subarray(at, at + 32))));
  return addresses;
}
