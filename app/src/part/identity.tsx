// Identifiers: short on the screen, whole for copying and for a screen reader's details.

import type { ComponentChildren } from 'preact';
import { short, shortDid } from '../format/short';
import { to } from '../route';
import { Copy } from './copy';

/** A hash, key or address. */
export function Hash({ value, what, length = 20 }: { value: string | null | undefined; what: string; length?: number }) {
  if (value === null || value === undefined) return <span class="none">–</span>;
  return (
    <span class="identity">
      <code title={value}>{short(value, length)}</code> <Copy text={value} what={what} />
    </span>
  );
}

/** A contributor's DID as a link to their page. */
export function Did({ did, epoch }: { did: string; epoch?: string }) {
  return (
    <a class="did" href={to.contributor(did, epoch)} title={did}>
      {shortDid(did)}
    </a>
  );
}

/** A link to an answer of the API or a file. */
export function SourceLink({ href, children = 'source' }: { href: string; children?: ComponentChildren }) {
  return (
    <a class="source" href={href} title={href}>
      {children}
    </a>
  );
}
