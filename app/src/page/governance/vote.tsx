import { useState } from 'preact/hooks';
import { useDeployment } from '../../api/context';
import type { Proposal } from '../../api/types';
import { Empty } from '../../part/asked';
import { RpcAddress, useRpcAddress } from '../../part/rpc-address';
import { Sending, useSending } from '../../part/sending';
import { WalletChoice, useWallet } from '../../part/wallet';

const CHOICES = ['Yes', 'No', 'Abstain'] as const;
type Choice = (typeof CHOICES)[number];

/** A vote with the whole stake of the connected wallet. */
export function Vote({ proposal }: { proposal: Proposal }) {
  const deployment = useDeployment().answer?.data;
  const [rpcUrl, setRpcUrl] = useRpcAddress(deployment?.rpc_url);
  const { connected } = useWallet();
  const [choice, setChoice] = useState<Choice>();
  const sending = useSending();
  if (proposal.next !== 'vote') return <Empty>The vote is over.</Empty>;
  const send = async (say: (what: string) => void): Promise<string> => {
    if (deployment === undefined || connected === undefined || choice === undefined) throw new Error('connect a wallet and choose first');
    const [{ signAndSend }, { castVote }] = await Promise.all([import('../../chain/wallet'), import('../../chain/instruction')]);
    const instruction = await castVote(deployment.program, connected.account.address, BigInt(proposal.number), choice);
    return signAndSend(connected, { rpcUrl, genesisHash: deployment.genesis_hash, lookupTable: null }, [instruction], say);
  };
  return (
    <form
      class="vote"
      onSubmit={(event) => {
        event.preventDefault();
        sending.run(send);
      }}
    >
      <h3>Vote with a wallet</h3>
      <p class="hint">The whole stake votes, once, and is locked until the vote ends. <code>settler governance stake</code> locks it, before the proposal is made.</p>
      <RpcAddress id="vote-rpc" url={rpcUrl} set={setRpcUrl} suggested={deployment?.rpc_url} />
      <WalletChoice />
      <fieldset>
        <legend>Your vote</legend>
        {CHOICES.map((one) => (
          <label key={one} class="radio">
            <input type="radio" name="choice" value={one} checked={choice === one} onChange={() => setChoice(one)} /> {one}
          </label>
        ))}
      </fieldset>
      <p>
        <button type="submit" class="primary" disabled={connected === undefined || choice === undefined || rpcUrl === '' || sending.busy}>
          Cast the vote
        </button>
      </p>
      <Sending state={sending.state} done="The vote is cast." />
    </form>
  );
}
