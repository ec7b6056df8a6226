// An answer for a component: loading, ready, stale or failed; asked again in intervals while the page is looked at.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Refusal, ask } from './ask';
import type { Answer, Page } from './types';

/** Older than this is stale. */
export const STALE_AFTER_MS = 15_000;

/** What a component knows. `answer` stays while a later attempt fails. */
export interface Asked<T> {
  url: string;
  answer: Answer<T> | undefined;
  /** When it was received, in milliseconds of the page's clock. */
  receivedMs: number | undefined;
  error: Refusal | undefined;
  again: () => void;
}

function asRefusal(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(0, 'unreadable', error instanceof Error ? error.message : String(error));
}

/** Asks for `url`, and every `everyMs` again; `undefined` asks nothing. */
export function useAnswer<T>(url: string | undefined, everyMs?: number): Asked<T> {
  const [state, set] = useState<Omit<Asked<T>, 'again'>>({ url: url ?? '', answer: undefined, receivedMs: undefined, error: undefined });
  const [turn, setTurn] = useState(0);
  const again = useCallback(() => setTurn((turn) => turn + 1), []);
  useEffect(() => {
    if (url === undefined) return;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    set((before) => (before.url === url ? before : { url, answer: undefined, receivedMs: undefined, error: undefined }));
    const once = async (): Promise<void> => {
      try {
        const answer = await ask<T>(url, controller.signal);
        if (!controller.signal.aborted) set({ url, answer, receivedMs: Date.now(), error: undefined });
      } catch (error) {
        if (controller.signal.aborted) return;
        set((before) => ({ ...before, url, error: asRefusal(error) }));
      }
      if (everyMs !== undefined && !controller.signal.aborted) timer = setTimeout(tick, everyMs);
    };
    const tick = (): void => {
      // A page that nobody looks at asks nothing; it asks at once when it is looked at again.
      if (document.hidden) document.addEventListener('visibilitychange', tick, { once: true, signal: controller.signal });
      else void once();
    };
    void once();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [url, everyMs, turn]);
  return { ...(state.url === (url ?? '') ? state : { url: url ?? '', answer: undefined, receivedMs: undefined, error: undefined }), again };
}

/** A list of which more can be asked for. */
export interface Listed<T> {
  url: string;
  items: T[];
  standing: Answer<unknown>['standing'] | undefined;
  as_of: Answer<unknown>['as_of'] | undefined;
  error: Refusal | undefined;
  busy: boolean;
  more: (() => void) | undefined;
  again: () => void;
}

/** Asks for the first page of a list; `more` asks for the next one. */
export function useList<T>(url: string | undefined): Listed<T> {
  const [turn, setTurn] = useState(0);
  const [state, set] = useState<{ items: T[]; next: string | null; first?: Answer<unknown>; error?: Refusal; busy: boolean }>({
    items: [],
    next: null,
    busy: true,
  });
  const current = useRef(url);
  current.current = url;
  const load = useCallback(
    async (cursor: string | undefined, signal?: AbortSignal) => {
      if (url === undefined) return;
      const separator = url.includes('?') ? '&' : '?';
      const asked = cursor === undefined ? url : `${url}${separator}cursor=${encodeURIComponent(cursor)}`;
      set((before) => ({ ...before, busy: true }));
      try {
        const answer = await ask<Page<T>>(asked, signal);
        if (current.current !== url) return;
        set((before) => ({
          items: cursor === undefined ? answer.data.items : [...before.items, ...answer.data.items],
          next: answer.data.next,
          first: answer,
          busy: false,
        }));
      } catch (error) {
        if (signal?.aborted === true || current.current !== url) return;
        set((before) => ({ ...before, error: asRefusal(error), busy: false }));
      }
    },
    [url],
  );
  useEffect(() => {
    const controller = new AbortController();
    set({ items: [], next: null, busy: url !== undefined });
    void load(undefined, controller.signal);
    return () => controller.abort();
  }, [load, turn]);
  const next = state.next;
  return {
    url: url ?? '',
    items: state.items,
    standing: state.first?.standing,
    as_of: state.first?.as_of,
    error: state.error,
    busy: state.busy,
    more: next === null ? undefined : () => void load(next),
    again: () => setTurn((turn) => turn + 1),
  };
}
