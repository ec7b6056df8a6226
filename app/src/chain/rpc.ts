// The few questions that a page asks an RPC node by itself. No library: what is believed should be short to read.

/** The node could not be reached, or said no. */
export class RpcError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RpcError';
  }
}

/** An account as the node has it. */
export interface Account {
  owner: string;
  data: Uint8Array;
  slot: bigint;
}

async function call(url: string, method: string, params: unknown[], signal?: AbortSignal): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new RpcError(`the RPC node at ${url} cannot be reached from this browser`);
  }
  if (!response.ok) throw new RpcError(`the RPC node answered ${response.status} ${response.statusText}`);
  let body: { result?: unknown; error?: { message?: string } };
  try {
    body = (await response.json()) as typeof body;
  } catch {
    throw new RpcError('the RPC node’s answer is no JSON');
  }
  if (body.error !== undefined) throw new RpcError(`the RPC node refused ${method}: ${body.error.message ?? 'no reason given'}`);
  return body.result;
}

/** The cluster's genesis hash, in base58. */
export async function genesisHash(url: string, signal?: AbortSignal): Promise<string> {
  const result = await call(url, 'getGenesisHash', [], signal);
  if (typeof result !== 'string') throw new RpcError('the RPC node gives no genesis hash');
  return result;
}

/** An account at the commitment level `confirmed`; none if there is none. */
export async function account(url: string, address: string, signal?: AbortSignal): Promise<Account | undefined> {
  const result = await call(url, 'getAccountInfo', [address, { encoding: 'base64', commitment: 'confirmed' }], signal);
  const { context, value } = (result ?? {}) as {
    context?: { slot?: number };
    value?: { owner?: unknown; data?: unknown } | null;
  };
  if (value === null) return undefined;
  const data = Array.isArray(value?.data) ? (value.data[0] as unknown) : undefined;
  if (typeof value?.owner !== 'string' || typeof data !== 'string' || context?.slot === undefined) {
    throw new RpcError('the RPC node’s answer has no account in it');
  }
  return { owner: value.owner, data: fromBase64(data), slot: BigInt(context.slot) };
}

/** The latest blockhash and until which block height it is good. */
export async function latestBlockhash(url: string): Promise<{ blockhash: string; lastValidBlockHeight: bigint }> {
  const result = (await call(url, 'getLatestBlockhash', [{ commitment: 'confirmed' }])) as {
    value?: { blockhash?: unknown; lastValidBlockHeight?: unknown };
  } | null;
  const { blockhash, lastValidBlockHeight } = result?.value ?? {};
  if (typeof blockhash !== 'string' || typeof lastValidBlockHeight !== 'number') throw new RpcError('the RPC node gives no blockhash');
  return { blockhash, lastValidBlockHeight: BigInt(lastValidBlockHeight) };
}

/** Sends a signed transaction; returns its signature. The node simulates it first and refuses it with the program's words. */
export async function send(url: string, transaction: Uint8Array): Promise<string> {
  const result = await call(url, 'sendTransaction', [toBase64(transaction), { encoding: 'base64', preflightCommitment: 'confirmed' }]);
  if (typeof result !== 'string') throw new RpcError('the RPC node gives no signature');
  return result;
}

/** What became of a transaction: not seen yet, refused, or in a block of this slot. */
export async function outcome(url: string, signature: string): Promise<'unseen' | { slot: bigint; error: string | undefined }> {
  const result = (await call(url, 'getSignatureStatuses', [[signature]])) as { value?: ({ slot: number; err: unknown; confirmationStatus?: string } | null)[] };
  const [status] = result.value ?? [];
  if (status === null || status === undefined || status.confirmationStatus === 'processed') return 'unseen';
  return { slot: BigInt(status.slot), error: status.err === null ? undefined : JSON.stringify(status.err) };
}

/** Base64 to bytes. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Bytes to base64. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
