// Folders of sealed epochs on this machine. No network is needed; with an RPC address they are compared with the chain.

import type { BatchFile, Deployment, EpochAccount } from '@mycelia/radio-payouts';
import { addressOf } from '../format/base58';
import { chainRoot } from './chain-root';
import { Fault, type Checklist } from './checklist';
import type { Job, LocalFile, Outcome, Report } from './messages';
import { recompute } from './recompute';

type Folders = Extract<Job, { kind: 'folders' }>;

/** What of a manifest is read before the SDK reads it with every rule. */
interface ManifestHead {
  commitment: string;
  statement: { epoch: string };
  deployment: Deployment;
  files: Record<string, { sha256: string; length: string }>;
  parent?: { commitment: string };
}

interface Folder {
  path: string;
  manifest: Uint8Array;
  head: ManifestHead;
  files: Map<string, File>;
}

async function bytesOf(file: File): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.arrayBuffer());
}

/** The folders with a `manifest.json`, by epoch. */
async function find(files: LocalFile[]): Promise<Folder[]> {
  const found: Folder[] = [];
  for (const { path, file } of files) {
    if (path !== 'manifest.json' && !path.endsWith('/manifest.json')) continue;
    const folder = path.slice(0, path.length - 'manifest.json'.length);
    const manifest = await bytesOf(file);
    const head = JSON.parse(new TextDecoder().decode(manifest)) as ManifestHead;
    if (typeof head.statement?.epoch !== 'string' || typeof head.commitment !== 'string') throw new Fault(`${path} is no manifest of an epoch`);
    const own = files.filter((one) => one.path.startsWith(folder)).map((one): [string, File] => [one.path.slice(folder.length), one.file]);
    found.push({ path: folder.replace(/\/$/, ''), manifest, head, files: new Map(own) });
  }
  found.sort((a, b) => (BigInt(a.head.statement.epoch) < BigInt(b.head.statement.epoch) ? -1 : 1));
  return found;
}

/** Verifies every folder; every step is told as it is done. */
export async function folders(job: Folders, checks: Checklist, tell: (report: Report) => void): Promise<Outcome> {
  const found = await checks.run('find', 'Folders of sealed epochs', async () => {
    const value = await find(job.files);
    if (value.length === 0) throw new Fault('there is no manifest.json: drop the folder of an epoch, such as epoch-000042');
    return { value, detail: `${value.length}: ${value.map(({ head }) => `epoch ${head.statement.epoch}`).join(', ')}.` };
  });
  let against: Outcome['against'] = 'itself';
  for (const folder of found ?? []) {
    const { epoch } = folder.head.statement;
    const id = `epoch-${epoch}`;
    let root: EpochAccount | undefined;
    if (job.chain !== undefined) {
      const { program_id, genesis_hash } = folder.head.deployment;
      const chain = { ...job.chain, programId: addressOf(program_id), genesisHash: addressOf(genesis_hash) };
      root = await chainRoot(checks, id, chain, epoch);
      if (root !== undefined) against = 'chain';
    }
    const given = found?.length === 1 ? job.commitment : undefined;
    if (root === undefined && given !== undefined) against = 'commitment';
    await hashes(checks, id, folder);
    const parent = found?.find(({ head }) => head.commitment === folder.head.parent?.commitment);
    const history = folder.files.get('history.parquet');
    const csv = folder.files.get('payouts.csv');
    await recompute(
      checks,
      id,
      {
        manifest: folder.manifest,
        batches: read(folder),
        history: history === undefined ? undefined : await bytesOf(history),
        parentManifest: parent?.manifest,
        payoutsCsv: async () => (csv === undefined ? undefined : bytesOf(csv)),
      },
      root !== undefined ? { chain: root } : given === undefined ? undefined : { commitment: given },
      tell,
    );
  }
  return outcome(checks, found ?? [], against);
}

async function* read(folder: Folder): AsyncGenerator<BatchFile> {
  for (const [name, file] of folder.files) {
    if (name.startsWith('batches/') && name.endsWith('.ndjson')) yield { name, bytes: await bytesOf(file) };
  }
}

/** That the files are those that the manifest lists. No commitment rests on it: it says which file was touched. */
async function hashes(checks: Checklist, id: string, folder: Folder): Promise<void> {
  await checks.run(`${id}-hashes`, `Files of ${folder.path === '' ? 'the folder' : folder.path}, by their SHA-256`, async () => {
    const listed = Object.entries(folder.head.files);
    for (const [name, { sha256, length }] of listed) {
      const file = folder.files.get(name);
      if (file === undefined) throw new Fault(`${name} is missing`);
      if (file.size.toString() !== length) throw new Fault(`${name} has ${file.size} bytes, the manifest says ${length}`);
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await bytesOf(file)));
      const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
      if (hex !== sha256) throw new Fault(`${name} has SHA-256 ${hex}, the manifest says ${sha256}`);
    }
    return { value: true, detail: `All ${listed.length} files are as listed.` };
  });
}

function outcome(checks: Checklist, found: Folder[], against: Outcome['against']): Outcome {
  if (checks.failed !== undefined) return { passed: false, against, message: checks.failed };
  const which = found.map(({ head }) => head.statement.epoch).join(', ');
  const message = {
    chain: `Epoch ${which}: the folder is what the chain holds, from the signed batches to every share.`,
    commitment: `Epoch ${which}: the signed batches lead to the commitment that you gave, and to every share in the folder.`,
    itself: `Epoch ${which}: everything in the folder follows from its signed batches. Compare the commitment with the chain: only there it is decided.`,
  }[against];
  return { passed: true, against, message };
}
