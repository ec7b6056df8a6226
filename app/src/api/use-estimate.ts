// The running estimate as the service sends it: one stream for the page, opened again by the browser when it breaks.

import { useEffect, useState } from 'preact/hooks';
import { Refusal, address, get } from './ask';
import type { Answer, Estimate } from './types';

export interface Following {
  url: string;
  answer: Answer<Estimate> | undefined;
  receivedMs: number | undefined;
  connected: boolean;
  error: Refusal | undefined;
}

/** Follows the estimate; `did` for one contributor only. */
export function useEstimate(query: { limit?: number; did?: string }): Following {
  const url = address(['estimate', 'events'], query);
  const shown = address(['estimate'], query);
  const [state, set] = useState<Omit<Following, 'url'>>({
    answer: undefined,
    receivedMs: undefined,
    connected: false,
    error: undefined,
  });
  useEffect(() => {
    const stream = new EventSource(url);
    stream.addEventListener('open', () => set((before) => ({ ...before, connected: true, error: undefined })));
    stream.addEventListener('estimate', (event: MessageEvent<string>) => {
      try {
        const answer = JSON.parse(event.data) as Answer<Estimate>;
        set({ answer, receivedMs: Date.now(), connected: true, error: undefined });
      } catch {
        set((before) => ({ ...before, error: new Refusal(0, 'unreadable', 'the estimate cannot be read') }));
      }
    });
    stream.addEventListener('error', () => {
      set((before) => ({ ...before, connected: false }));
      // A stream says nothing of why it was refused; the same question asked once does.
      get(shown).then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof Refusal) set((before) => ({ ...before, error }));
        },
      );
    });
    return () => stream.close();
  }, [url, shown]);
  return { url: shown, ...state };
}
