// Wallets by the Wallet Standard. A wallet signs; the transaction is sent to the RPC node that the reader has chosen.

import { getWallets } from '@wallet-standard/app';
import type { Wallet, WalletAccount } from '@wallet-standard/base';
import { StandardConnect, StandardDisconnect, type StandardConnectFeature, type StandardDisconnectFeature } from '@wallet-standard/features';
import {
  SolanaSignAndSendTransaction,
  SolanaSignTransaction,
  type SolanaSignAndSendTransactionFeature,
  type SolanaSignTransactionFeature,
} from '@solana/wallet-standard-features';
import type { Instruction } from '@solana/kit';
import { base58 } from '../format/base58';
import { explainError } from './idl';
import { outcome, send } from './rpc';
import { compile } from './transaction';

export type { Wallet, WalletAccount };

/** A wallet and the account that it opened to this page. */
export interface Connected {
  wallet: Wallet;
  account: WalletAccount;
}

/** Names of clusters by genesis hash, as wallets know them. */
const CHAINS: Record<string, `solana:${string}`> = {
  '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d': 'solana:mainnet',
  EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG: 'solana:devnet',
  '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY': 'solana:testnet',
};

/** The chain of a cluster; any other is a local one. */
export function chainOf(genesisHash: string): `solana:${string}` {
  return CHAINS[genesisHash] ?? 'solana:localnet';
}

function canSign(wallet: Wallet): boolean {
  return StandardConnect in wallet.features && (SolanaSignTransaction in wallet.features || SolanaSignAndSendTransaction in wallet.features);
}

/** Wallets that can sign for Solana, now and as they come. */
export function watchWallets(tell: (wallets: Wallet[]) => void): () => void {
  const { get, on } = getWallets();
  const say = (): void => tell(get().filter(canSign));
  say();
  const offRegister = on('register', say);
  const offUnregister = on('unregister', say);
  return () => {
    offRegister();
    offUnregister();
  };
}

/** Asks a wallet to open an account. */
export async function connect(wallet: Wallet): Promise<Connected> {
  const feature = wallet.features[StandardConnect] as StandardConnectFeature[typeof StandardConnect];
  const { accounts } = await feature.connect();
  const account = accounts.find((one) => one.chains.some((chain) => chain.startsWith('solana:'))) ?? accounts[0];
  if (account === undefined) throw new Error(`${wallet.name} opened no account`);
  return { wallet, account };
}

/** Closes the connection, if the wallet knows how. */
export async function disconnect({ wallet }: Connected): Promise<void> {
  const feature = wallet.features[StandardDisconnect] as StandardDisconnectFeature[typeof StandardDisconnect] | undefined;
  await feature?.disconnect();
}

/** Where and how a transaction goes. */
export interface Destination {
  rpcUrl: string;
  genesisHash: string;
  lookupTable: string | null;
}

/** Compiles, has it signed, sends, and waits until it is confirmed. Returns the signature. */
export async function signAndSend(connected: Connected, to: Destination, instructions: Instruction[], say: (state: string) => void): Promise<string> {
  const { wallet, account } = connected;
  say('preparing the transaction');
  const transaction = await compile(to.rpcUrl, account.address, instructions, to.lookupTable);
  const chain = chainOf(to.genesisHash);
  say(`waiting for ${wallet.name}`);
  let signature: string;
  const sign = wallet.features[SolanaSignTransaction] as SolanaSignTransactionFeature[typeof SolanaSignTransaction] | undefined;
  if (sign !== undefined) {
    const [signed] = await sign.signTransaction({ account, transaction, chain });
    if (signed === undefined) throw new Error(`${wallet.name} signed nothing`);
    say('sending');
    signature = await send(to.rpcUrl, signed.signedTransaction).catch((error: unknown) => {
      throw new Error(explainError(error instanceof Error ? error.message : String(error)));
    });
  } else {
    const both = wallet.features[SolanaSignAndSendTransaction] as SolanaSignAndSendTransactionFeature[typeof SolanaSignAndSendTransaction];
    const [sent] = await both.signAndSendTransaction({ account, transaction, chain });
    if (sent === undefined) throw new Error(`${wallet.name} sent nothing`);
    signature = base58(new Uint8Array(sent.signature));
  }
  say('waiting for the chain');
  await confirmed(to.rpcUrl, signature);
  return signature;
}

async function confirmed(rpcUrl: string, signature: string): Promise<void> {
  const until = Date.now() + 90_000;
  while (Date.now() < until) {
    const found = await outcome(rpcUrl, signature);
    if (found !== 'unseen') {
      if (found.error !== undefined) throw new Error(explainError(found.error));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  throw new Error(`the chain has not confirmed ${signature} within 90 s: look it up before you try again`);
}
