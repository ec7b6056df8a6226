// The document of `settler simulate`, its one canonical form, and its hash (section 11 and the decisions on simulations).

/** Sums over one epoch or several, decimal strings. */
export type Totals = Record<string, string> & { rejected_receipts: Record<string, string> };

/** A simulation as `settler simulate` writes it. */
export interface Simulation {
  format: string;
  domain: string;
  set: Record<string, string>;
  epochs: { epoch: string; commitment: string; params_version: number; before: Totals; after: Totals }[];
  before: Totals;
  after: Totals;
  contributors: { did: string; before_base_units: string; after_base_units: string; difference_base_units: string; difference_bps?: string }[];
}

/** The format of this version. */
export const FORMAT = 'radio-payouts/simulation/v1';

/** JSON without white space, keys sorted: what the hash is of. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Reads a document: the file of `--out`, or what `--output json` prints. Throws if it is neither. */
export function parse(text: string): Simulation {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Error('the file is no JSON');
  }
  const inner = (document as { simulation?: unknown } | null)?.simulation ?? document;
  const simulation = inner as Partial<Simulation> | null;
  if (simulation?.format !== FORMAT) throw new Error(`the file is no simulation (${FORMAT})`);
  if (!Array.isArray(simulation.epochs) || !Array.isArray(simulation.contributors) || simulation.set === undefined) throw new Error('the simulation is incomplete');
  return simulation as Simulation;
}

/** The simulation's hash, as hex. */
export async function hash(simulation: Simulation): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonical(simulation)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** In what a simulation is not of this proposal; empty if it is. */
export function mismatches(
  simulation: Simulation,
  computed: string,
  proposal: { document_hash: string | null; action: { parameters: Record<string, { after: string }> } },
  domain: string,
): string[] {
  const found: string[] = [];
  if (proposal.document_hash === null) found.push('the proposal carries no document');
  else if (proposal.document_hash !== computed) found.push(`the proposal carries ${proposal.document_hash}, this document’s hash is ${computed}`);
  if (simulation.domain !== domain) found.push('the simulation is of another deployment');
  const wanted = Object.fromEntries(Object.entries(proposal.action.parameters).map(([name, change]) => [name, change.after]));
  if (canonical(wanted) !== canonical(simulation.set)) found.push('the simulation is of another change');
  return found;
}
