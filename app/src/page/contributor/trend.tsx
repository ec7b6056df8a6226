import { address } from '../../api/ask';
import type { ContributorPoint, Page } from '../../api/types';
import { useAnswer } from '../../api/use-answer';
import { Chart } from '../../chart/chart';
import { axisBloom, bloom, decimal } from '../../format/amount';
import { bytes } from '../../format/bytes';
import { bpsPercent } from '../../format/multiplier';
import { day } from '../../format/time';
import { Answered, Empty } from '../../part/asked';
import { Bloom, Bytes } from '../../part/figure';
import { SourceLink } from '../../part/identity';
import { Section, Table, When } from '../../part/section';
import { Standing } from '../../part/standing';
import { to } from '../../route';

/** Epoch by epoch; an epoch without a share is a gap that is seen. */
export function Trend({ did }: { did: string }) {
  const url = address(['contributors', did, 'trends'], { limit: 30 });
  const asked = useAnswer<Page<ContributorPoint>>(url, 15_000);
  return (
    <Section title="Epoch by epoch" aside={<SourceLink href={url}>Source</SourceLink>}>
      <Answered asked={asked} what="the history">
        {(page) => <Points points={page.items} url={url} did={did} />}
      </Answered>
    </Section>
  );
}

function Points({ points, url, did }: { points: ContributorPoint[]; url: string; did: string }) {
  const [newest] = points;
  if (newest === undefined) return <Empty>No epoch is sealed yet.</Empty>;
  const ascending = [...points].reverse();
  const title = `Amounts and bytes of the last ${points.length} epochs`;
  return (
    <Chart
      title={title}
      summary={`In the newest one, epoch ${newest.epoch}, ${bloom(decimal(newest.amount_base_units))} BLOOM for ${bytes(decimal(newest.bytes))}.`}
      labels={ascending.map((point) => point.epoch)}
      height={200}
      series={[
        {
          name: 'Bytes',
          kind: 'bars',
          side: 'left',
          colour: '--chart-volume',
          values: ascending.map((point) => Number(point.bytes)),
          format: (value) => bytes(BigInt(Math.max(0, Math.round(value)))),
        },
        {
          name: 'Amount, BLOOM',
          kind: 'line',
          side: 'right',
          colour: '--chart-pool',
          values: ascending.map((point) => Number(point.amount_base_units)),
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
          { name: 'Bytes', number: true },
          { name: 'Effective', number: true },
          { name: 'Amount', number: true },
          { name: 'Of pool', number: true },
        ]}
      >
        {points.map((point) => (
          <tr key={point.epoch}>
            <th scope="row">
              <a href={to.contributor(did, point.epoch)}>{point.epoch}</a>
            </th>
            <td>
              <When unix={point.end_unix} text={day} />
            </td>
            <td>
              <Standing standing={point.standing} />
            </td>
            <td class="right">
              <Bytes value={point.bytes} label={`Bytes in epoch ${point.epoch}`} source={{ href: url }} />
            </td>
            <td class="right">
              <Bytes value={point.effective_bytes} label={`Effective bytes in epoch ${point.epoch}`} source={{ href: url }} />
            </td>
            <td class="right">
              <Bloom value={point.amount_base_units} label={`Amount in epoch ${point.epoch}`} source={{ href: url }} />
            </td>
            <td class="right number">{bpsPercent(point.share_bps)}</td>
          </tr>
        ))}
      </Table>
    </Chart>
  );
}
