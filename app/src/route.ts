// Routes are in the fragment: the service answers one page, and a copy of it on disk works as well.

import { useEffect, useState } from 'preact/hooks';

/** A place in the dashboard. */
export type Route =
  | { page: 'overview' }
  | { page: 'epochs' }
  | { page: 'epoch'; epoch: string }
  | { page: 'contributors'; query: string }
  | { page: 'contributor'; did: string; epoch: string | undefined }
  | { page: 'governance' }
  | { page: 'proposal'; number: string }
  | { page: 'verify' }
  | { page: 'status' }
  | { page: 'unknown'; path: string };

const NUMBER = /^(latest|0|[1-9][0-9]{0,19})$/;

/** Reads a fragment such as `#/epochs/42`. */
export function parse(fragment: string): Route {
  const [path = '', query = ''] = fragment.replace(/^#/, '').split('?', 2);
  const unknown: Route = { page: 'unknown', path };
  let parts: string[];
  try {
    parts = path.split('/').filter((part) => part !== '').map(decodeURIComponent);
  } catch {
    return unknown;
  }
  const given = new URLSearchParams(query);
  const [first, second, ...rest] = parts;
  if (rest.length > 0) return unknown;
  switch (first) {
    case undefined:
      return { page: 'overview' };
    case 'epochs':
      if (second === undefined) return { page: 'epochs' };
      return NUMBER.test(second) ? { page: 'epoch', epoch: second } : unknown;
    case 'contributors':
      if (second === undefined) return { page: 'contributors', query: given.get('q') ?? '' };
      return { page: 'contributor', did: second, epoch: given.get('epoch') ?? undefined };
    case 'governance':
      if (second === undefined) return { page: 'governance' };
      return NUMBER.test(second) ? { page: 'proposal', number: second } : unknown;
    case 'verify':
      return second === undefined ? { page: 'verify' } : unknown;
    case 'status':
      return second === undefined ? { page: 'status' } : unknown;
    default:
      return unknown;
  }
}

/** Writes a route as a link. */
export const to = {
  overview: '#/',
  epochs: '#/epochs',
  epoch: (epoch: string): string => `#/epochs/${epoch}`,
  contributors: (query = ''): string => `#/contributors${query === '' ? '' : `?q=${encodeURIComponent(query)}`}`,
  contributor: (did: string, epoch?: string): string =>
    `#/contributors/${encodeURIComponent(did)}${epoch === undefined ? '' : `?epoch=${epoch}`}`,
  governance: '#/governance',
  proposal: (number: string): string => `#/governance/${number}`,
  verify: '#/verify',
  status: '#/status',
};

/** Goes to a link of [`to`]. */
export function go(link: string): void {
  location.hash = link;
}

/** The current route. */
export function useRoute(): Route {
  const [route, set] = useState(() => parse(location.hash));
  useEffect(() => {
    const changed = (): void => set(parse(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}
