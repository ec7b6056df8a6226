// Claiming a share of a ratified epoch with a connected wallet. Anyone may send it; the payee is paid.

import { address, ask } from '../../api/ask';
import { useDeployment } from '../../api/context';
import type { Epoch, Payout, Proof } from '../../api/types';
import { useAnswer } from '../../api/use-answer';
import { addressOf } from '../../format/base58';
import { utc } from '../../format/time';
import { Answered, Empty } from '../../part/asked';
import { Bloom } from '../../part/figure';
import { Hash } from '../../part/identity';
import { RpcAddress, useRpcAddress } from '../../part/rpc-address';
import { Fact, Facts, Section, When } from '../../part/section';
import { Sending, useSending } from '../../part/sending';
import { State } from '../../part/standing';
import { WalletChoice, useWallet } from '../../part/wallet';

export function Claim({ did, epoch }: { did: string; epoch: string }) {
  const url = address(['epochs', epoch]);
  const asked = useAnswer<Epoch>(url, 15_000);
  const share = useAnswer<Payout>(address(['epochs', epoch, 'contributors', did]));
  return (
    <Section title="Claim" aside={asked.answer !== undefined && <State status={asked.answer.data.status} />}>
      <Answered asked={asked} what={`epoch ${epoch}`}>
        {(data) => (
          <Answered asked={share} what="share">
            {(payout) => <ClaimOf epoch={data} payout={payout} />}
          </Answered>
        )}
      </Answered>
    </Section>
  );
}

function ClaimOf({ epoch, payout }: { epoch: Epoch; payout: Payout }) {
  if (epoch.mode === 'demo') return <Empty>Epoch {epoch.epoch} is a Demo epoch: its shares are shown and proven, and never paid.</Empty>;
  if (payout.index === null) return <Empty>There is no leaf to claim: {payout.reason ?? 'no reason is given'}.</Empty>;
  if (epoch.status === 'closed') return <Empty>The claim window of epoch {epoch.epoch} is over.</Empty>;
  if (epoch.status !== 'ratified') {
    return <Empty>Shares can be claimed once the epoch is ratified. It is {epoch.status ?? 'not posted'}.</Empty>;
  }
  return <Form epoch={epoch} payout={payout} />;
}

function Form({ epoch, payout }: { epoch: Epoch; payout: Payout }) {
  const deployment = useDeployment().answer?.data;
  const [rpcUrl, setRpcUrl] = useRpcAddress(deployment?.rpc_url);
  const { connected } = useWallet();
  const sending = useSending();
  const bound = /^0+$/.test(payout.payee);
  const send = async (say: (what: string) => void): Promise<string> => {
    if (deployment === undefined || connected === undefined) throw new Error('connect a wallet first');
    const [{ signAndSend }, { claimTransactions }, { payeeOf }] = await Promise.all([
      import('../../chain/wallet'),
      import('../../chain/claim'),
      import('../../chain/payee'),
    ]);
    say('fetching the proof');
    const { data: proof } = await ask<Proof>(address(['epochs', epoch.epoch, 'contributors', payout.did, 'proof']));
    const { payee, didHash } = await payeeOf(rpcUrl, deployment.program, payout);
    const { program, mint, token_program: tokenProgram, genesis_hash: genesisHash, lookup_table: lookupTable } = deployment;
    const payer = connected.account.address;
    const transactions = await claimTransactions(
      { rpcUrl, program, payer, mint, tokenProgram, lookupTable },
      { epoch: BigInt(epoch.epoch), index: proof.share.index, amount: BigInt(proof.share.amount_base_units), didHash, payee, bound, siblings: proof.siblings },
    );
    let signature = '';
    for (const instructions of transactions) signature = await signAndSend(connected, { rpcUrl, genesisHash, lookupTable }, instructions, say);
    return signature;
  };
  return (
    <>
      <Facts>
        <Fact name="Amount">
          <Bloom value={payout.amount_base_units} label="Amount that is claimed" source={{ href: address(['epochs', epoch.epoch, 'contributors', payout.did]), account: epoch.address }} places={9} />
        </Fact>
        <Fact name="Paid to">{bound ? 'the binding of the DID, as it is then' : <PayeeAddress hex={payout.payee} />}</Fact>
        <Fact name="Until">
          <When unix={epoch.claim_ends_unix} text={utc} />
        </Fact>
      </Facts>
      <RpcAddress id="claim-rpc" url={rpcUrl} set={setRpcUrl} suggested={deployment?.rpc_url} />
      <WalletChoice />
      <p>
        <button type="button" class="primary" disabled={connected === undefined || rpcUrl === '' || sending.busy || deployment === undefined} onClick={() => sending.run(send)}>
          Claim this share
        </button>
      </p>
      <p class="hint">Anyone may send a claim and pays its fee; only the payee’s token account is paid, once.</p>
      <Sending state={sending.state} done="The share is paid." />
    </>
  );
}

function PayeeAddress({ hex }: { hex: string }) {
  return <Hash value={addressOf(hex)} what="address that is paid" length={48} />;
}
