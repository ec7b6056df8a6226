// The root in force, read from the chain by this browser.

import { decodeEpochAccount, epochAddress, type EpochAccount } from '@mycelia/radio-payouts';
import { account, genesisHash } from '../chain/rpc';
import { Fault, type Checklist } from './checklist';
import type { ChainSource } from './messages';

/** Reads the `Epoch` account: right cluster, derived address, right owner, a root in force. */
export async function chainRoot(checks: Checklist, id: string, chain: ChainSource, epoch: string): Promise<EpochAccount | undefined> {
  const address = await checks.run(`${id}-address`, 'The address of the Epoch account, derived in this browser', () => {
    const value = epochAddress(chain.programId, epoch);
    return { value, detail: `Seeds “epoch”, ${epoch}, of program ${chain.programId}.`, facts: [['Address', value]] };
  });
  if (address === undefined) return undefined;
  return checks.run(`${id}-root`, 'The root in force, read from the chain', async () => {
    const genesis = await genesisHash(chain.rpcUrl);
    if (genesis !== chain.genesisHash) {
      throw new Fault(`the RPC node is of another cluster: its genesis hash is ${genesis}, not ${chain.genesisHash}`);
    }
    const found = await account(chain.rpcUrl, address);
    if (found === undefined) throw new Fault(`there is no account at ${address}: nothing was posted for epoch ${epoch}`);
    if (found.owner !== chain.programId) throw new Fault(`the account at ${address} belongs to ${found.owner}, not to the program`);
    const value = decodeEpochAccount(found.data);
    if (value.epoch !== epoch) throw new Fault(`the account is of epoch ${value.epoch}`);
    if (!value.hasRoot) throw new Fault(`no root of epoch ${epoch} is in force: it is ${value.status}`);
    return {
      value,
      detail: `Epoch ${epoch} is ${value.status}, as of slot ${found.slot}.`,
      facts: [
        ['RPC node', chain.rpcUrl],
        ['Commitment', value.commitment],
        ['Pool, base units', value.statement.pool],
        ['Shares', value.statement.payouts.reduce((sum, tree) => sum + tree.count, 0).toString()],
      ],
    };
  });
}
