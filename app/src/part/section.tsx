import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** A part of a page under its own heading. */
export function Section({
  title,
  aside,
  class: extra,
  children,
}: {
  title: string;
  aside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} class={`panel ${extra ?? ''}`}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="panel-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** A table that can be scrolled sideways where there is no room; its caption says what it is. */
export function Table({
  caption,
  head,
  children,
  visibleCaption = false,
}: {
  caption: string;
  head: { name: string; number?: boolean }[];
  children: ComponentChildren;
  visibleCaption?: boolean;
}) {
  return (
    <div class="table" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption class={visibleCaption ? '' : 'visually-hidden'}>{caption}</caption>
        <thead>
          <tr>
            {head.map(({ name, number }) => (
              <th key={name} scope="col" class={number === true ? 'right' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** A figure with its name above it. */
export function Tile({ name, children, note }: { name: string; children: ComponentChildren; note?: ComponentChildren }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>{children}</dd>
      {note !== undefined && <dd class="tile-note">{note}</dd>}
    </div>
  );
}

/** Name and value, one under the other. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A moment, in UTC. */
export function When({ unix, text }: { unix: number | null | undefined; text: (unix: number) => string }) {
  if (unix === null || unix === undefined) return <span class="none">–</span>;
  return <time dateTime={new Date(unix * 1000).toISOString()}>{text(unix)}</time>;
}
