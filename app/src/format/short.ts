// Long identifiers, cut in the middle for display; what is copied is always the whole.

/** The beginning and the end of a text longer than `length`. */
export function short(text: string, length = 20): string {
  if (text.length <= length) return text;
  const head = Math.ceil((length - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`;
}

/** A DID: its method and the end of its identifier are what tells people apart. */
export function shortDid(did: string): string {
  const [, method, ...rest] = did.split(':');
  if (method === undefined || rest.length === 0) return short(did, 28);
  return `did:${method}:${short(rest.join(':'), 16)}`;
}
