import { useEstimate } from '../../api/use-estimate';
import { clock } from '../../format/time';
import { Empty, Staleness } from '../../part/asked';
import { Bloom, Bytes } from '../../part/figure';
import { SourceLink } from '../../part/identity';
import { Section, Tile } from '../../part/section';
import { Notice, Standing } from '../../part/standing';

/** What the running epoch would come to for this contributor. Nothing where there are no estimates. */
export function EstimateNow({ did }: { did: string }) {
  const following = useEstimate({ did });
  const { answer, url } = following;
  if (answer === undefined) return null;
  const [payout] = answer.data.payouts;
  return (
    <Section title={`Epoch ${answer.data.epoch}, not sealed yet`} class="estimate" aside={<Standing standing="estimate" />}>
      <Staleness receivedMs={following.receivedMs} error={following.error} what="the estimate" />
      {payout === undefined ? (
        <Empty>No batch of the running epoch names this contributor yet.</Empty>
      ) : (
        <>
          <dl class="tiles compact">
            <Tile name="Would be">
              <Bloom value={payout.amount_base_units} label="Estimated share of the running epoch" source={{ href: url }} />
            </Tile>
            <Tile name="Bytes">
              <Bytes value={payout.bytes} label="Accepted bytes so far" source={{ href: url }} />
            </Tile>
            <Tile name="Effective bytes">
              <Bytes value={payout.effective_bytes} label="Effective bytes so far" source={{ href: url }} />
            </Tile>
          </dl>
          <Notice standing="estimate" />
        </>
      )}
      <p class="sources">
        <SourceLink href={url}>Source</SourceLink>, as of slot {answer.as_of.slot}, {clock(answer.as_of.unix_timestamp)} UTC
      </p>
    </Section>
  );
}
