// One contributor: history, projection, arithmetic, and proof.

import { useEffect, useRef, useState } from 'preact/hooks';
import { address } from '../api/ask';
import type { History } from '../api/types';
import { useAnswer } from '../api/use-answer';
import { Answered } from '../part/asked';
import { Bloom, Bytes, Count } from '../part/figure';
import { Hash, SourceLink } from '../part/identity';
import { PageHead } from '../part/page-head';
import { Section, Tile } from '../part/section';
import { Notice, Standing } from '../part/standing';
import { shortDid } from '../format/short';
import { go, to } from '../route';
import { Arithmetic } from './contributor/arithmetic';
import { Claim } from './contributor/claim';
import { EstimateNow } from './contributor/estimate-now';
import { Projection } from './contributor/projection';
import { LISTED, ShareHistory } from './contributor/share-history';
import { Trend } from './contributor/trend';
import { VerifyHere } from './contributor/verify-here';

export function Contributor({ did, epoch }: { did: string; epoch: string | undefined }) {
  const url = address(['contributors', did], { limit: LISTED });
  const asked = useAnswer<History>(url, 15_000);
  const newest = asked.answer?.data.shares.items[0]?.epoch;
  const chosen = epoch ?? newest;
  return (
    <>
      <PageHead title={`Contributor ${shortDid(did)}`}>
        <p class="page-sub">
          <Hash value={did} what="DID" length={64} />
        </p>
      </PageHead>
      <EstimateNow did={did} />
      <Answered asked={asked} what={`contributor ${shortDid(did)}`} polled>
        {(history, answer) => (
          <>
            <Section title="In all epochs" aside={<Standing standing={answer.standing} />}>
              <dl class="tiles">
                <Tile name="Amount">
                  <Bloom value={history.contributor.amount_base_units} label="Payouts in all epochs" source={{ href: url }} />
                </Tile>
                <Tile name="Delivered">
                  <Bytes value={history.contributor.bytes} label="Accepted bytes in all epochs" source={{ href: url }} />
                </Tile>
                <Tile name="Epochs">
                  <Count value={history.contributor.epochs} label="Epochs with a share" source={{ href: url }} />
                </Tile>
                <Tile name="Paid to">
                  {history.contributor.payee === null ? (
                    <span class="none">the binding of the DID</span>
                  ) : (
                    <Hash value={history.contributor.payee} what="address that is paid" length={16} />
                  )}
                </Tile>
              </dl>
              <Notice standing={answer.standing} />
              <p class="sources">
                <SourceLink href={url}>Source of these figures</SourceLink>
              </p>
            </Section>
            <Trend did={did} />
            <ShareHistory did={did} history={history} url={url} />
            <Projection did={did} />
            {chosen !== undefined && (
              <>
                <EpochChoice did={did} chosen={chosen} epochs={history.shares.items.map((share) => share.epoch)} />
                <Arithmetic did={did} epoch={chosen} />
                <VerifyHere did={did} epoch={chosen} />
                <Claim did={did} epoch={chosen} />
              </>
            )}
          </>
        )}
      </Answered>
    </>
  );
}

/** Which epoch the rest of the page is about. */
function EpochChoice({ did, chosen, epochs }: { did: string; chosen: string; epochs: string[] }) {
  const [value, set] = useState(chosen);
  const choice = useRef<HTMLSelectElement>(null);
  const first = useRef(true);
  useEffect(() => {
    set(chosen);
    // Who chose the epoch elsewhere on the page is led to what follows from it.
    if (first.current) first.current = false;
    else if (document.activeElement !== choice.current) {
      choice.current?.focus({ preventScroll: true });
      choice.current?.scrollIntoView({ block: 'start' });
    }
  }, [chosen]);
  const known = epochs.includes(chosen) ? epochs : [chosen, ...epochs];
  return (
    <form class="choice" onSubmit={(event) => event.preventDefault()}>
      <label for="epoch">Epoch</label>
      <select
        id="epoch"
        ref={choice}
        value={value}
        onChange={(event) => {
          set(event.currentTarget.value);
          go(to.contributor(did, event.currentTarget.value));
        }}
      >
        {known.map((epoch) => (
          <option key={epoch} value={epoch}>
            {epoch}
          </option>
        ))}
      </select>
      <a href={to.epoch(chosen)}>All of epoch {chosen}</a>
    </form>
  );
}
