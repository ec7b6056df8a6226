// Loading, empty, stale and failed: said in the same way everywhere.

import type { ComponentChildren } from 'preact';
import { STALE_AFTER_MS, type Asked, type Listed } from '../api/use-answer';
import type { Refusal } from '../api/ask';
import { duration } from '../format/time';
import { useNow } from './use-now';

/** While nothing is known yet. */
export function Loading({ what }: { what: string }) {
  return (
    <div class="loading" role="status">
      <span class="spinner" aria-hidden="true" /> Loading {what} …
    </div>
  );
}

/** A refusal in the service's words, and a way to try again. */
export function Failed({ error, what, again }: { error: Refusal; what: string; again?: (() => void) | undefined }) {
  return (
    <div class="failed" role="alert">
      <p>
        <strong>{`${error.status === 404 ? 'Not here' : error.status === 0 ? 'No answer' : `Refused with ${error.status}`}: ${what}.`}</strong>{' '}
        {error.message}
      </p>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Where there is nothing to show, and why. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** Says that what is shown is old. Nothing while it is fresh. */
export function Staleness({ receivedMs, error, what }: { receivedMs: number | undefined; error: Refusal | undefined; what: string }) {
  const now = useNow();
  if (receivedMs === undefined) return null;
  const age = now - receivedMs;
  if (age <= STALE_AFTER_MS) return null;
  return (
    <p class="stale" role="status">
      <strong>Stale:</strong> {what} is {duration(age / 1000)} old{error === undefined ? '' : `; ${error.message}`}.
    </p>
  );
}

/** Shows an answer, or what there is instead of it. */
export function Answered<T>({
  asked,
  what,
  polled = false,
  children,
}: {
  asked: Asked<T>;
  what: string;
  polled?: boolean;
  children: (data: T, answer: NonNullable<Asked<T>['answer']>) => ComponentChildren;
}) {
  if (asked.answer === undefined) {
    return asked.error === undefined ? <Loading what={what} /> : <Failed error={asked.error} what={what} again={asked.again} />;
  }
  return (
    <>
      {polled && <Staleness receivedMs={asked.receivedMs} error={asked.error} what={what} />}
      {children(asked.answer.data, asked.answer)}
    </>
  );
}

/** The end of a list: more, nothing more, nothing at all, or why not. */
export function ListEnd<T>({ list, what, none }: { list: Listed<T>; what: string; none: ComponentChildren }) {
  if (list.error !== undefined) return <Failed error={list.error} what={what} again={list.again} />;
  if (list.items.length === 0) return list.busy ? <Loading what={what} /> : <Empty>{none}</Empty>;
  if (list.more === undefined) return null;
  return (
    <button type="button" class="more" disabled={list.busy} onClick={list.more}>
      {list.busy ? 'Loading …' : `More ${what}`}
    </button>
  );
}
