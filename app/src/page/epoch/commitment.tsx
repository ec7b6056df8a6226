import type { Epoch } from '../../api/types';
import { Empty } from '../../part/asked';
import { Bloom, Bytes, Count } from '../../part/figure';
import { Hash } from '../../part/identity';
import { Fact, Facts, Section } from '../../part/section';
import { Agreement } from './epoch-table';

/** What is committed, here and on chain. */
export function Commitment({ epoch, url }: { epoch: Epoch; url: string }) {
  const { statement } = epoch;
  const source = { href: url, account: epoch.address };
  return (
    <Section title="Commitment" aside={<Agreement epoch={epoch} />}>
      <Facts>
        <Fact name="On chain">
          <Hash value={epoch.commitment_on_chain} what="commitment on chain" />
        </Fact>
        <Fact name="Sealed here">
          <Hash value={epoch.commitment_here} what="commitment of what is sealed here" />
        </Fact>
        <Fact name="Epoch account">
          <Hash value={epoch.address} what="address of the Epoch account" />
        </Fact>
        <Fact name="Claimed">
          <Bloom value={epoch.claimed_base_units} label="Claimed of this epoch" source={source} />
        </Fact>
      </Facts>
      {statement === null ? (
        <Empty>There is no statement.</Empty>
      ) : (
        <details>
          <summary>The statement, field by field (section 5.2)</summary>
          <Facts>
            <Fact name="Epoch">{statement.epoch}</Fact>
            <Fact name="Parent">
              <Hash value={statement.parent} what="commitment of the parent" />
            </Fact>
            <Fact name="Parameters">version {statement.params_version}</Fact>
            <Fact name="Registry">version {statement.registry_version}</Fact>
            <Fact name="Inputs hash">
              <Hash value={statement.inputs_hash} what="inputs hash" />
            </Fact>
            <Fact name="History hash">
              <Hash value={statement.history_hash} what="history hash" />
            </Fact>
            <Fact name="Batch tree">
              <Hash value={statement.batches.root} what="root of the batch tree" /> <Count value={statement.batches.count} label="Batches in the tree" source={source} /> batches,{' '}
              <Bytes value={statement.batches.sum} label="Sum of the batch tree" source={source} />
            </Fact>
            {statement.payouts.map((tree, number) => (
              <Fact key={tree.root} name={`Payout tree ${number}`}>
                <Hash value={tree.root} what={`root of payout tree ${number}`} /> <Count value={tree.count} label="Shares in the tree" source={source} /> shares,{' '}
                <Bloom value={tree.sum} label="Sum of the payout tree" source={source} />
              </Fact>
            ))}
            <Fact name="Pool">
              <Bloom value={statement.pool} label="Pool" source={source} />
            </Fact>
          </Facts>
        </details>
      )}
    </Section>
  );
}
