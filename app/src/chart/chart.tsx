// A chart and, for everybody who cannot use one, the same figures as a table.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Series } from './plot';

export type { Series } from './plot';

export function Chart({
  title,
  summary,
  labels,
  series,
  height = 240,
  children,
}: {
  /** What it shows. */
  title: string;
  /** The same in a sentence, for a screen reader. */
  summary: string;
  labels: string[];
  series: Series[];
  height?: number;
  /** The table with the exact figures. */
  children: ComponentChildren;
}) {
  const place = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  const content = JSON.stringify([labels, series.map((one) => one.values)]);
  useEffect(() => {
    const element = place.current;
    if (element === null || labels.length === 0) return;
    let remove: (() => void) | undefined;
    let gone = false;
    import('./plot').then(
      ({ draw }) => {
        if (!gone) remove = draw(element, labels, series, height);
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      remove?.();
    };
    // What is drawn follows from `content`.
  }, [content, height]);
  return (
    <figure class="chart">
      <figcaption class="visually-hidden">{title}</figcaption>
      {failed && <p class="stale">The chart could not be loaded; the table has the same figures.</p>}
      <div ref={place} role="img" aria-label={`${title}. ${summary}`} class="chart-place" data-testid="chart" />
      <details>
        <summary>{title} as a table</summary>
        {children}
      </details>
    </figure>
  );
}
