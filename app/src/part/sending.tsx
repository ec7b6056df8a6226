import { useState } from 'preact/hooks';
import { Hash } from './identity';

type State = { kind: 'idle' } | { kind: 'busy'; what: string } | { kind: 'sent'; signature: string } | { kind: 'failed'; message: string };

/** A transaction under way: what it is at, its signature, or why not. */
export function useSending(): { state: State; busy: boolean; run: (send: (say: (what: string) => void) => Promise<string>) => void } {
  const [state, set] = useState<State>({ kind: 'idle' });
  const run = (send: (say: (what: string) => void) => Promise<string>): void => {
    set({ kind: 'busy', what: 'beginning' });
    send((what) => set({ kind: 'busy', what })).then(
      (signature) => set({ kind: 'sent', signature }),
      (error: unknown) => set({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
  };
  return { state, busy: state.kind === 'busy', run };
}

export function Sending({ state, done }: { state: State; done: string }) {
  return (
    <div role="status">
      {state.kind === 'busy' && (
        <p class="loading">
          <span class="spinner" aria-hidden="true" /> {state.what} …
        </p>
      )}
      {state.kind === 'sent' && (
        <p class="verdict good">
          ✓ {done} Signature: <Hash value={state.signature} what="signature of the transaction" length={24} />
        </p>
      )}
      {state.kind === 'failed' && <p class="verdict bad">✗ {state.message}</p>}
    </div>
  );
}
