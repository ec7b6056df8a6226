import type { Point } from '../../api/types';
import { Chart } from '../../chart/chart';
import { axisBloom, bloom, decimal } from '../../format/amount';
import { bytes } from '../../format/bytes';
import { day } from '../../format/time';
import { Empty } from '../../part/asked';
import { Bloom, Bytes, Count } from '../../part/figure';
import { Table, When } from '../../part/section';
import { Standing } from '../../part/standing';
import { to } from '../../route';

/** Volume and pool of the last epochs. */
export function VolumeChart({ points, url }: { points: Point[]; url: string }) {
  const last = points.at(-1);
  if (last === undefined) return <Empty>No epoch is sealed yet.</Empty>;
  const title = `Volume and pool of the last ${points.length} epochs`;
  return (
    <Chart
      title={title}
      summary={`In the last one, epoch ${last.epoch}, ${bytes(decimal(last.bytes))} were accepted and the pool was ${bloom(decimal(last.pool_base_units))} BLOOM.`}
      labels={points.map((point) => point.epoch)}
      series={[
        {
          name: 'Volume',
          kind: 'bars',
          side: 'left',
          colour: '--chart-volume',
          values: points.map((point) => Number(point.bytes)),
          format: (value) => bytes(BigInt(Math.max(0, Math.round(value)))),
        },
        {
          name: 'Pool, BLOOM',
          kind: 'line',
          side: 'right',
          colour: '--chart-pool',
          values: points.map((point) => Number(point.pool_base_units)),
          format: (value) => bloom(BigInt(Math.max(0, Math.round(value)))),
          axis: axisBloom,
        },
      ]}
    >
      <Table
        caption={title}
        head={[
          { name: 'Epoch' },
          { name: 'Ended' },
          { name: 'Standing' },
          { name: 'Volume', number: true },
          { name: 'Pool', number: true },
          { name: 'Payouts', number: true },
          { name: 'Contributors', number: true },
          { name: 'Batches', number: true },
        ]}
      >
        {[...points].reverse().map((point) => (
          <tr key={point.epoch}>
            <th scope="row">
              <a href={to.epoch(point.epoch)}>{point.epoch}</a>
            </th>
            <td>
              <When unix={point.end_unix} text={day} />
            </td>
            <td>
              <Standing standing={point.standing} />
            </td>
            <td class="right">
              <Bytes value={point.bytes} label={`Volume of epoch ${point.epoch}`} source={{ href: url }} />
            </td>
            <td class="right">
              <Bloom value={point.pool_base_units} label={`Pool of epoch ${point.epoch}`} source={{ href: url }} />
            </td>
            <td class="right">
              <Bloom value={point.payouts_base_units} label={`Payouts of epoch ${point.epoch}`} source={{ href: url }} />
            </td>
            <td class="right">
              <Count value={point.contributors} label={`Contributors of epoch ${point.epoch}`} source={{ href: url }} />
            </td>
            <td class="right">
              <Count value={point.batches} label={`Batches of epoch ${point.epoch}`} source={{ href: url }} />
            </td>
          </tr>
        ))}
      </Table>
    </Chart>
  );
}
