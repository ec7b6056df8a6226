// The running estimate as the service sends it: one stream for the page, opened again by the browser when it breaks.

import { useEffect, useState } from 'preact/hooks';
import { Refusal, address, get } from './ask';
import type { Answer, Estimate } from './types';

/** How long after a refusal it is asked for again. */
const AGAIN_MS = 5_000;

/** What a component knows of the estimate. */
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
    let stream: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A stream says nothing of why it was refused, or why nothing comes; the same question asked once does.
    const why = (): void => {
      get(shown).then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof Refusal) set((before) => ({ ...before, error }));
        },
      );
    };
    const open = (): void => {
      const opened = new EventSource(url);
      stream = opened;
      opened.addEventListener('open', () => {
        set((before) => ({ ...before, connected: true, error: undefined }));
        why();
      });
      opened.addEventListener('estimate', (event: MessageEvent<string>) => {
        try {
          const answer = JSON.parse(event.data) as Answer<Estimate>;
          set({ answer, receivedMs: Date.now(), connected: true, error: undefined });
        } catch {
          set((before) => ({ ...before, error: new Refusal(0, 'unreadable', 'the estimate cannot be read') }));
        }
      });
      opened.addEventListener('error', () => {
        set((before) => ({ ...before, connected: false }));
        why();
        // A break is mended by the browser, a refusal is not.
        if (opened.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_MS);
      });
    };
    open();
    return () => {
      clearTimeout(timer);
      stream?.close();
    };
  }, [url, shown]);
  return { url: shown, ...state };
}
