// Who is paid for a share: its own payee, or the binding of the DID that is in force on chain.

import { addressOf, fromHex } from '../format/base58';
import { bindingAddress } from './address';
import { readAccount } from './idl';
import { account } from './rpc';

/** The payee of a share and its DID's hash. Throws if the DID has neither a payee of its own nor a binding. */
export async function payeeOf(
  rpcUrl: string,
  program: string,
  share: { did: string; did_hash: string; payee: string },
): Promise<{ payee: string; didHash: Uint8Array }> {
  const didHash = fromHex(share.did_hash);
  if (!/^0+$/.test(share.payee)) return { payee: addressOf(share.payee), didHash };
  const found = await account(rpcUrl, await bindingAddress(program, didHash));
  if (found === undefined || found.owner !== program) throw new Error(`${share.did} has no payee of its own and no binding on chain`);
  const binding = readAccount('PayeeBinding', found.data);
  const payee = inForce(binding, BigInt(Math.floor(Date.now() / 1000)));
  if (payee === undefined) throw new Error(`the binding of ${share.did} is not in force yet`);
  return { payee, didHash };
}

/** The payee of a binding at a moment; a change on its way counts from the end of its delay. Pauses may put that off: then the program refuses. */
export function inForce(binding: ReturnType<typeof readAccount>, now: bigint): string | undefined {
  const pending = binding['pending'] as { payee: string; accepted: { at: bigint } | null; delay_seconds: number } | null;
  if (pending?.accepted != null && pending.accepted.at + BigInt(pending.delay_seconds) <= now) return pending.payee;
  return (binding['payee'] as string | null) ?? undefined;
}
