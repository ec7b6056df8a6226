// The running estimate, as the stream brings it.

import { useEffect, useRef, useState } from 'preact/hooks';
import { useDeployment } from '../../api/context';
import type { Answer, Estimate } from '../../api/types';
import { useEstimate } from '../../api/use-estimate';
import { bloom, decimal } from '../../format/amount';
import { bytes } from '../../format/bytes';
import { clock } from '../../format/time';
import { Empty, Failed, Loading, Staleness } from '../../part/asked';
import { Bloom, Bytes, Count } from '../../part/figure';
import { Did, SourceLink } from '../../part/identity';
import { Section, Table, Tile } from '../../part/section';
import { Notice, Standing } from '../../part/standing';

/** A screen reader hears a change at most this often. */
const ANNOUNCE_MS = 30_000;

export function RunningEstimate() {
  const following = useEstimate({ limit: 8 });
  const { answer, url } = following;
  const source = { href: url };
  const running = useDeployment().answer?.data.running_epoch;
  const runs = running === undefined || running === answer?.data.epoch;
  return (
    <Section
      title={answer === undefined ? 'Running epoch' : `Epoch ${answer.data.epoch}, ${runs ? 'running' : 'ended and not sealed yet'}`}
      class="estimate"
      aside={
        <>
          <Standing standing="estimate" />
          <span class={`live ${following.connected ? 'on' : ''}`}>
            <span aria-hidden="true" class="live-mark" /> {following.connected ? 'live, every 5 s' : 'not connected'}
          </span>
        </>
      }
    >
      {answer === undefined ? (
        following.error !== undefined ? (
          following.error.status === 503 ? (
            <Empty>{following.error.message}.</Empty>
          ) : (
            <Failed error={following.error} what="estimate" />
          )
        ) : (
          <Loading what="the estimate" />
        )
      ) : (
        <>
          <Staleness receivedMs={following.receivedMs} error={following.error} what="the estimate" />
          <p class="headline" data-testid="estimate-pool">
            <Bloom value={answer.data.pool_base_units} label="Estimated pool of the running epoch" source={source} />
          </p>
          <p class="headline-note">{runs ? 'would be split if the epoch ended now' : 'would be split if it were sealed now'}</p>
          <dl class="tiles compact">
            <Tile name="Volume">
              <Bytes value={answer.data.bytes} label="Accepted bytes so far" source={source} />
            </Tile>
            <Tile name="Contributors">
              <Count value={answer.data.contributors} label="Contributors so far" source={source} />
            </Tile>
            <Tile name="Batches">
              <Count value={answer.data.batches} label="Batches that count so far" source={source} />
            </Tile>
          </dl>
          <Top answer={answer} url={url} />
          <Notice standing={answer.standing} />
          <p class="sources">
            <SourceLink href={url}>Source</SourceLink>, as of slot {answer.as_of.slot}, {clock(answer.as_of.unix_timestamp)} UTC
          </p>
          <Announcement answer={answer} />
        </>
      )}
    </Section>
  );
}

function Top({ answer, url }: { answer: Answer<Estimate>; url: string }) {
  const { payouts, epoch } = answer.data;
  if (payouts.length === 0) return <Empty>No batch of this epoch counts yet.</Empty>;
  return (
    <Table
      caption={`Highest estimated shares of epoch ${epoch}`}
      head={[{ name: 'Contributor' }, { name: 'Bytes', number: true }, { name: 'Estimate', number: true }]}
    >
      {payouts.map((payout) => (
        <tr key={payout.did}>
          <th scope="row">
            <Did did={payout.did} />
          </th>
          <td class="right">
            <Bytes value={payout.bytes} label={`Bytes of ${payout.did}`} source={{ href: url }} />
          </td>
          <td class="right">
            <Bloom value={payout.amount_base_units} label={`Estimated share of ${payout.did}`} source={{ href: url }} places={2} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** Says the estimate to a screen reader, not every five seconds. */
function Announcement({ answer }: { answer: Answer<Estimate> }) {
  const { epoch, pool_base_units, bytes: delivered } = answer.data;
  const text = `Estimate of epoch ${epoch}: ${bloom(decimal(pool_base_units))} BLOOM for ${bytes(decimal(delivered))}.`;
  const [said, set] = useState(text);
  const last = useRef(Date.now());
  useEffect(() => {
    if (text === said) return;
    const rest = Math.max(0, last.current + ANNOUNCE_MS - Date.now());
    const timer = setTimeout(() => {
      last.current = Date.now();
      set(text);
    }, rest);
    return () => clearTimeout(timer);
  }, [text, said]);
  return (
    <p class="visually-hidden" aria-live="polite">
      {said}
    </p>
  );
}
