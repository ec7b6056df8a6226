import type { Epoch } from '../../api/types';
import { utc } from '../../format/time';
import { Bloom, Bytes, Count } from '../../part/figure';
import { Table, When } from '../../part/section';
import { Standing, State } from '../../part/standing';
import { to } from '../../route';

/** Epochs, one a line. */
export function EpochTable({ epochs, url, caption }: { epochs: Epoch[]; url: string; caption: string }) {
  return (
    <Table
      caption={caption}
      head={[
        { name: 'Epoch' },
        { name: 'Ended' },
        { name: 'State' },
        { name: 'Standing' },
        { name: 'Volume', number: true },
        { name: 'Pool', number: true },
        { name: 'Payouts', number: true },
        { name: 'Contributors', number: true },
        { name: 'Here and on chain' },
      ]}
    >
      {epochs.map((epoch) => (
        <tr key={epoch.epoch}>
          <th scope="row">
            <a href={to.epoch(epoch.epoch)}>{epoch.epoch}</a>
          </th>
          <td>
            <When unix={epoch.end_unix} text={utc} />
          </td>
          <td>
            <State status={epoch.status} contested={epoch.contested} />
          </td>
          <td>
            <Standing standing={epoch.standing} />
          </td>
          <td class="right">
            <Bytes value={epoch.statement?.batches.sum} label={`Volume of epoch ${epoch.epoch}`} source={{ href: url }} />
          </td>
          <td class="right">
            <Bloom value={epoch.statement?.pool} label={`Pool of epoch ${epoch.epoch}`} source={{ href: url }} />
          </td>
          <td class="right">
            <Bloom value={epoch.payouts_base_units} label={`Payouts of epoch ${epoch.epoch}`} source={{ href: url }} />
          </td>
          <td class="right">
            <Count value={epoch.totals?.contributors} label={`Contributors of epoch ${epoch.epoch}`} source={{ href: url }} />
          </td>
          <td>
            <Agreement epoch={epoch} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** Whether what is sealed here is what the chain holds. */
export function Agreement({ epoch }: { epoch: Epoch }) {
  if (epoch.matches_chain === true) return <span class="good">✓ the same</span>;
  if (epoch.matches_chain === false) return <span class="bad">✗ different</span>;
  if (epoch.commitment_on_chain === null) return <span class="none">no root on chain</span>;
  return <span class="none">not sealed here</span>;
}
