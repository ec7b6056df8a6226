// The RPC node that this browser asks: suggested by the service, chosen by whoever reads.

import { useEffect, useState } from 'preact/hooks';

const KEY = 'radio-payouts.rpc';

function remembered(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The RPC address in use and how to change it; what was typed is remembered by this browser. */
export function useRpcAddress(suggested: string | null | undefined): [string, (url: string) => void] {
  const [typed, set] = useState(remembered);
  useEffect(() => {
    if (typed === undefined) return;
    try {
      if (typed === '') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, typed);
    } catch {
      // Then it holds for this visit.
    }
  }, [typed]);
  return [typed ?? suggested ?? '', set];
}

export function RpcAddress({ id, url, set, suggested }: { id: string; url: string; set: (url: string) => void; suggested: string | null | undefined }) {
  return (
    <div class="field">
      <label for={id}>RPC node</label>
      <input
        id={id}
        type="url"
        inputMode="url"
        autoComplete="off"
        spellcheck={false}
        placeholder="https://… (none: the chain is not read)"
        value={url}
        aria-describedby={`${id}-hint`}
        onInput={(event) => set(event.currentTarget.value.trim())}
      />
      <small id={`${id}-hint`}>
        This browser asks it directly. {suggested === null ? 'The service names none: its chain may be an embedded one.' : 'Use one that you trust, not necessarily the one that the service suggests.'}{' '}
        {suggested !== null && suggested !== undefined && url !== suggested && (
          <button type="button" class="link" onClick={() => set(suggested)}>
            Use {suggested}
          </button>
        )}
      </small>
    </div>
  );
}
