// The program's IDL without its documentation and without what no page uses, so that it is small to load.

import type { Plugin } from 'vite';

/** Instructions that are built here. */
const INSTRUCTIONS = ['claim_share', 'cast_vote'];
/** Accounts that are read here. */
const ACCOUNTS = ['PayeeBinding'];

interface Typed {
  name: string;
}

function withoutDocs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDocs);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'docs').map(([name, inner]) => [name, withoutDocs(inner)]));
}

/** Names of types that a piece of the IDL mentions. */
function mentioned(value: unknown, types: Typed[], found: Set<string>): void {
  for (const [, name] of JSON.stringify(value).matchAll(/"defined":\{"name":"([^"]+)"/g)) {
    if (name === undefined || found.has(name)) continue;
    found.add(name);
    mentioned(types.find((type) => type.name === name) ?? {}, types, found);
  }
}

/** Trims `radio_payouts.json` while it is loaded. */
export function trimIdl(): Plugin {
  return {
    name: 'trim-idl',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/idl/radio_payouts.json')) return;
      const idl = withoutDocs(JSON.parse(code)) as { address: string; instructions: Typed[]; accounts: Typed[]; types: Typed[]; errors: unknown[] };
      const instructions = idl.instructions.filter(({ name }) => INSTRUCTIONS.includes(name));
      const accounts = idl.accounts.filter(({ name }) => ACCOUNTS.includes(name));
      const names = new Set(ACCOUNTS);
      mentioned(instructions, idl.types, names);
      mentioned(idl.types.filter(({ name }) => ACCOUNTS.includes(name)), idl.types, names);
      const types = idl.types.filter(({ name }) => names.has(name));
      return { code: JSON.stringify({ address: idl.address, instructions, accounts, types, errors: idl.errors }), map: null };
    },
  };
}
