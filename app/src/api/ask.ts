// Asking the API. A refusal keeps the service's own words.

import type { Answer } from './types';

/** Where the API is: the origin that served the page. */
export const API = '/api/v1';

/** The service said no, or could not be reached (status 0). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly word: string,
    message: string,
    readonly retryAfterSeconds: number | undefined = undefined,
  ) {
    super(message);
    this.name = 'Refusal';
  }
}

/** The address of a path below the API; parts are escaped. */
export function address(parts: readonly string[], query: Record<string, string | number | undefined> = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') given.set(name, String(value));
  const tail = given.toString();
  return `${API}/${parts.map(encodeURIComponent).join('/')}${tail === '' ? '' : `?${tail}`}`;
}

async function refusal(response: Response): Promise<Refusal> {
  const after = Number(response.headers.get('retry-after'));
  const retry = Number.isFinite(after) && after > 0 ? after : undefined;
  try {
    const body = (await response.json()) as { error?: unknown; message?: unknown };
    if (typeof body.error === 'string' && typeof body.message === 'string') {
      return new Refusal(response.status, body.error, body.message, retry);
    }
  } catch {
    // Not the service's answer: a proxy's.
  }
  return new Refusal(response.status, 'http', `the service answered ${response.status} ${response.statusText}`, retry);
}

/** Fetches; throws [`Refusal`] for anything but success. */
export async function get(url: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Refusal(0, 'unreachable', 'the service cannot be reached');
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/**
 * Asks for an answer. Never from the browser's cache: the service's entity tags leave the slot out, so an unchanged answer from there
 * would be said to be as of an old moment.
 */
export async function ask<T>(url: string, signal?: AbortSignal): Promise<Answer<T>> {
  const response = await get(url, { cache: 'no-store', ...(signal === undefined ? {} : { signal }) });
  return (await response.json()) as Answer<T>;
}
