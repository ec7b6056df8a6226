// A proof bundle: against the chain, against a commitment that somebody knows, or at least against itself.

import { commitmentOf, verifyProof, type EpochAccount, type ProofBundle } from '@mycelia/radio-payouts';
import { decimal, exactBloom } from '../format/amount';
import { addressOf } from '../format/base58';
import { chainRoot } from './chain-root';
import { Fault, type Checklist } from './checklist';
import type { Job, Outcome } from './messages';

type Proof = Extract<Job, { kind: 'proof' }>;

/** The bundle in a file: as `settler prove` writes it, or as the API answers it. */
function parse(text: string): ProofBundle {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Fault('the file is no JSON');
  }
  const inner = (document as { data?: unknown } | null)?.data ?? document;
  if ((inner as { format?: unknown } | null)?.format !== 'radio-payouts/proof/v1') throw new Fault('the file is no proof bundle of version 1');
  return inner as ProofBundle;
}

/** Verifies; every step is told as it is done. */
export async function bundle(job: Proof, checks: Checklist): Promise<Outcome> {
  const proof = await checks.run('read', 'The proof bundle', () => {
    const value = parse(job.text);
    return { value, detail: `Epoch ${value.statement.epoch}, leaf ${value.share.index}, ${value.share.did}.` };
  });
  let root: EpochAccount | undefined;
  if (proof !== undefined && job.chain !== undefined) {
    const { program_id, genesis_hash } = proof.deployment;
    const chain = { ...job.chain, programId: addressOf(program_id), genesisHash: addressOf(genesis_hash) };
    root = await chainRoot(checks, 'chain', chain, proof.statement.epoch);
  }
  if (proof !== undefined) {
    await checks.run('statement', 'The statement leads to the commitment', () => {
      const commitment = commitmentOf(proof.statement, proof.deployment.domain);
      if (commitment !== proof.commitment) throw new Fault(`the statement leads to ${commitment}, the bundle says ${proof.commitment}`);
      if (job.commitment !== undefined && job.commitment !== commitment) throw new Fault(`it leads to ${commitment}, you gave ${job.commitment}`);
      return {
        value: true,
        detail: job.commitment === undefined ? 'It is the one that the bundle names.' : 'It is the one that you gave.',
        facts: [['Commitment', commitment]],
      };
    });
    await checks.run('proof', 'The share is in the tree', () => {
      const trusted = root ?? proof.statement.payouts[Math.floor(proof.share.index / 2 ** 20)];
      if (trusted === undefined) throw new Fault('the index is beyond the trees');
      const result = verifyProof(proof, trusted);
      if (!result.valid) throw new Fault(`${result.explanation} (${result.fault})`);
      return {
        value: true,
        detail: `Leaf ${result.index} of epoch ${result.epoch} pays ${exactBloom(decimal(result.amountBaseUnits))} BLOOM${result.payee === null ? ' to the binding of the DID' : ` to ${result.payee}`}.`,
      };
    });
  }
  const against = root !== undefined ? 'chain' : job.commitment !== undefined ? 'commitment' : 'itself';
  if (checks.failed !== undefined) return { passed: false, against, message: checks.failed };
  const message = {
    chain: 'The share is in the root that the chain holds.',
    commitment: 'The share is in the statement with the commitment that you gave.',
    itself: 'The proof is sound in itself. Compare the commitment with the chain: only there it is decided.',
  }[against];
  return { passed: true, against, message };
}
