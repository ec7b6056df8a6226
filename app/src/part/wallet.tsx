// The connected wallet, one for the whole page. The code that talks to wallets is loaded when somebody wants one.

import { createContext } from 'preact';
import type { ComponentChildren } from 'preact';
import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks';
import type { Connected, Wallet } from '../chain/wallet';
import { Hash } from './identity';

type Module = typeof import('../chain/wallet');

interface State {
  /** Wallets in this browser; none before somebody asked. */
  wallets: Wallet[] | undefined;
  connected: Connected | undefined;
  error: string | undefined;
  look: () => void;
  connect: (wallet: Wallet) => void;
  disconnect: () => void;
}

const Context = createContext<State | undefined>(undefined);

export function WalletProvider({ children }: { children: ComponentChildren }) {
  const [wallets, setWallets] = useState<Wallet[]>();
  const [connected, setConnected] = useState<Connected>();
  const [error, setError] = useState<string>();
  const module = useRef<Promise<Module> | undefined>(undefined);
  const stop = useRef<(() => void) | undefined>(undefined);
  useEffect(() => () => stop.current?.(), []);
  const load = useCallback((): Promise<Module> => (module.current ??= import('../chain/wallet')), []);
  const failed = useCallback((error: unknown) => setError(error instanceof Error ? error.message : String(error)), []);
  const look = useCallback(() => {
    setError(undefined);
    load().then((wallet) => (stop.current ??= wallet.watchWallets(setWallets)), failed);
  }, [load, failed]);
  const connect = useCallback(
    (wallet: Wallet) => {
      setError(undefined);
      load().then((module) => module.connect(wallet)).then(setConnected, failed);
    },
    [load, failed],
  );
  const disconnect = useCallback(() => {
    const leaving = connected;
    setConnected(undefined);
    if (leaving !== undefined) load().then((module) => module.disconnect(leaving)).catch(failed);
  }, [connected, load, failed]);
  return <Context.Provider value={{ wallets, connected, error, look, connect, disconnect }}>{children}</Context.Provider>;
}

/** The wallet. */
export function useWallet(): State {
  const state = useContext(Context);
  if (state === undefined) throw new Error('there is no wallet here');
  return state;
}

/** Connects and disconnects. */
export function WalletChoice() {
  const { wallets, connected, error, look, connect, disconnect } = useWallet();
  return (
    <div class="wallet">
      {connected !== undefined ? (
        <p>
          {connected.wallet.name}: <Hash value={connected.account.address} what="address of the wallet" />{' '}
          <button type="button" onClick={disconnect}>
            Disconnect
          </button>
        </p>
      ) : wallets === undefined ? (
        <button type="button" onClick={look}>
          Connect a wallet
        </button>
      ) : wallets.length === 0 ? (
        <p class="empty" role="status">
          This browser has no wallet for Solana that follows the Wallet Standard.
        </p>
      ) : (
        <div role="group" aria-label="Wallets" class="wallets">
          {wallets.map((wallet) => (
            <button key={wallet.name} type="button" onClick={() => connect(wallet)}>
              {wallet.icon.startsWith('data:image/') && <img src={wallet.icon} alt="" width={18} height={18} />} {wallet.name}
            </button>
          ))}
        </div>
      )}
      {error !== undefined && (
        <p class="failed" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
