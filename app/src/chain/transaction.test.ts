import { getTransactionDecoder, type Address } from '@solana/kit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import vectors from '../../vectors/instructions.json';
import { fromHex } from '../format/base58';
import { bytesOf, configAddress, vaultAddress } from './address';
import { claimShare, computeUnitLimit, createTokenAccount } from './instruction';
import { toBase64 } from './rpc';
import { MOST_BYTES, compile } from './transaction';

const { program, payer, payee, mint, tokenProgram } = vectors;
const TABLE = 'AddressLookupTab1e1111111111111111111111111';

/** An RPC node that knows a blockhash and the lookup table. */
function node(addresses: string[]): void {
  const table = new Uint8Array(56 + 32 * addresses.length);
  addresses.forEach((address, at) => table.set(bytesOf(address), 56 + 32 * at));
  vi.stubGlobal('fetch', (_url: string, { body }: { body: string }) => {
    const { method } = JSON.parse(body) as { method: string };
    const result =
      method === 'getLatestBlockhash'
        ? { context: { slot: 1 }, value: { blockhash: '11111111111111111111111111111111', lastValidBlockHeight: 150 } }
        : { context: { slot: 1 }, value: { owner: TABLE, data: [toBase64(table), 'base64'] } };
    return Promise.resolve(new Response(JSON.stringify({ jsonrpc: '2.0', id: 1, result })));
  });
}

afterEach(() => vi.unstubAllGlobals());

async function claimAtDepth(depth: number) {
  const siblings = Array.from({ length: depth }, () => ({ hash: '09'.repeat(32), sum: '1' }));
  const share = { epoch: 42n, index: 9_000, amount: 5n, didHash: fromHex(vectors.didHash), payee, bound: false, siblings };
  return [
    computeUnitLimit(300_000),
    await createTokenAccount(payer, payee, mint, tokenProgram),
    await claimShare(program, payer, mint, tokenProgram, share),
  ];
}

describe('a claim as a transaction', () => {
  it('of a deep tree is refused without the lookup table, and fits with it', async () => {
    const deployment = [program, mint, tokenProgram, await configAddress(program), await vaultAddress(program), '11111111111111111111111111111111'];
    node(deployment);
    const instructions = await claimAtDepth(20);
    await expect(compile('http://node', payer, instructions, null)).rejects.toThrow('lookup table');
    const bytes = await compile('http://node', payer, instructions, TABLE);
    expect(bytes.length).toBeLessThanOrEqual(MOST_BYTES);
  });

  it('is to be signed by its payer alone, and carries no signature yet', async () => {
    node([]);
    const { signatures } = getTransactionDecoder().decode(await compile('http://node', payer, await claimAtDepth(3), null));
    expect(signatures).toEqual({ [payer as Address]: null });
  });
});
