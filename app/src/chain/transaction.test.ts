import { getTransactionDecoder, type Address } from '@solana/kit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import vectors from '../../vectors/instructions.json';
import { fromHex } from '../format/base58';
import { bytesOf, configAddress, vaultAddress } from './address';
import { claimTransactions } from './claim';
import { toBase64 } from './rpc';
import { MOST_BYTES, compile } from './transaction';

const { program, payer, payee, mint, tokenProgram } = vectors;
const TABLE = 'AddressLookupTab1e1111111111111111111111111';

/** An RPC node that knows a blockhash, the lookup table, and the token account if it is `made`. */
async function node(made: boolean): Promise<void> {
  const addresses = [program, mint, tokenProgram, await configAddress(program), await vaultAddress(program), '11111111111111111111111111111111'];
  const table = new Uint8Array(56 + 32 * addresses.length);
  addresses.forEach((address, at) => table.set(bytesOf(address), 56 + 32 * at));
  vi.stubGlobal('fetch', (_url: string, { body }: { body: string }) => {
    const { method, params } = JSON.parse(body) as { method: string; params: unknown[] };
    const account = (data: Uint8Array) => ({ owner: TABLE, data: [toBase64(data), 'base64'] });
    const value =
      method === 'getLatestBlockhash'
        ? { blockhash: '11111111111111111111111111111111', lastValidBlockHeight: 150 }
        : params[0] === TABLE
          ? account(table)
          : made
            ? account(new Uint8Array(165))
            : null;
    return Promise.resolve(new Response(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { context: { slot: 1 }, value } })));
  });
}

afterEach(() => vi.unstubAllGlobals());

const terms = (lookupTable: string | null) => ({ rpcUrl: 'http://node', program, payer, mint, tokenProgram, lookupTable });

function shareAtDepth(depth: number) {
  const siblings = Array.from({ length: depth }, () => ({ hash: '09'.repeat(32), sum: '1' }));
  return { epoch: 42n, index: 9_000, amount: 5n, didHash: fromHex(vectors.didHash), payee, bound: false, siblings };
}

/** How many instructions each transaction of a claim has; each has to fit. */
async function claimed(depth: number, lookupTable: string | null): Promise<number[]> {
  const transactions = await claimTransactions(terms(lookupTable), shareAtDepth(depth));
  for (const instructions of transactions) {
    expect((await compile('http://node', payer, instructions, lookupTable)).length).toBeLessThanOrEqual(MOST_BYTES);
  }
  return transactions.map((instructions) => instructions.length);
}

describe('a claim as transactions', () => {
  it('of the deepest tree is refused without the lookup table', async () => {
    await node(true);
    await expect(claimed(20, null)).rejects.toThrow('lookup table');
  });

  it('of the deepest tree fits with the lookup table, its token account made before', async () => {
    await node(false);
    expect(await claimed(20, TABLE)).toEqual([1, 2]);
    await node(true);
    expect(await claimed(20, TABLE)).toEqual([2]);
  });

  it('of a small tree makes the token account on the way, and needs no lookup table', async () => {
    await node(false);
    expect(await claimed(10, null)).toEqual([3]);
  });

  it('is to be signed by its payer alone, and carries no signature yet', async () => {
    await node(true);
    const [instructions = []] = await claimTransactions(terms(null), shareAtDepth(3));
    const { signatures } = getTransactionDecoder().decode(await compile('http://node', payer, instructions, null));
    expect(signatures).toEqual({ [payer as Address]: null });
  });
});
