// Overview: what runs now, and what came of the epochs before.

import { address } from '../api/ask';
import type { Network } from '../api/types';
import { useAnswer } from '../api/use-answer';
import { Answered } from '../part/asked';
import { Bloom, Bytes, Count } from '../part/figure';
import { SourceLink } from '../part/identity';
import { PageHead } from '../part/page-head';
import { Section, Tile } from '../part/section';
import { Standing } from '../part/standing';
import { EpochClock } from './overview/epoch-clock';
import { RecentEpochs } from './overview/recent-epochs';
import { RunningEstimate } from './overview/running-estimate';
import { VolumeChart } from './overview/volume-chart';

export function Overview() {
  const url = address(['network'], { limit: 30 });
  const network = useAnswer<Network>(url, 10_000);
  return (
    <>
      <PageHead title="Overview" />
      <div class="hero">
        <RunningEstimate />
        <EpochClock />
      </div>
      <Section
        title="Sealed so far"
        aside={network.answer !== undefined && <Standing standing={network.answer.standing} />}
      >
        <Answered asked={network} what="sums of the network" polled>
          {(data) => (
            <>
              <dl class="tiles">
                <Tile name="Distributed">
                  <Bytes value={data.bytes} label="Accepted bytes of all sealed epochs" source={{ href: url }} />
                </Tile>
                <Tile name="Allocated" note={`in ${data.epochs} sealed epochs`}>
                  <Bloom value={data.payouts_base_units} label="Payouts of all sealed epochs" source={{ href: url }} places={2} />
                </Tile>
                <Tile name="Of it ratified">
                  <Bloom value={data.ratified_base_units} label="Payouts of ratified epochs" source={{ href: url }} places={2} />
                </Tile>
                <Tile name="Contributors" note="with at least one share">
                  <Count value={data.contributors} label="Contributors with at least one share" source={{ href: url }} />
                </Tile>
                <Tile name="SFUs" note="valid in the running epoch">
                  <Count value={data.active_sfus} label="SFUs registered and valid now" source={{ href: url }} />
                </Tile>
                <Tile name="Epochs by state">
                  <span class="states">
                    {Object.entries(data.states).map(([state, count]) => (
                      <span key={state}>
                        <Count value={String(count)} label={`Epochs ${state}`} source={{ href: url }} /> {state}
                      </span>
                    ))}
                    {Object.keys(data.states).length === 0 && <span class="none">none posted</span>}
                  </span>
                </Tile>
              </dl>
              <VolumeChart points={data.series} url={url} />
            </>
          )}
        </Answered>
        <p class="sources">
          <SourceLink href={url}>Source of these figures</SourceLink>
        </p>
      </Section>
      <RecentEpochs />
    </>
  );
}
