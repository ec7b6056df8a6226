// One epoch: from bytes to pool to parts that add up.

import { address } from '../api/ask';
import type { Epoch as EpochView } from '../api/types';
import { useAnswer } from '../api/use-answer';
import { utc } from '../format/time';
import { Answered } from '../part/asked';
import { SourceLink } from '../part/identity';
import { PageHead } from '../part/page-head';
import { When } from '../part/section';
import { Notice, Standing, State } from '../part/standing';
import { to } from '../route';
import { Arithmetic } from './epoch/arithmetic';
import { Commitment } from './epoch/commitment';
import { Files } from './epoch/files';
import { Rejects } from './epoch/rejects';
import { Shares } from './epoch/shares';
import { Timeline } from './epoch/timeline';
import { Tracks } from './epoch/tracks';
import { Verdicts } from './epoch/verdicts';

export function Epoch({ epoch }: { epoch: string }) {
  const url = address(['epochs', epoch]);
  const asked = useAnswer<EpochView>(url, 10_000);
  return (
    <>
      <PageHead title={epoch === 'latest' ? 'Latest epoch' : `Epoch ${epoch}`}>
        {asked.answer !== undefined && <Head epoch={asked.answer.data} />}
      </PageHead>
      <Answered asked={asked} what={`epoch ${epoch}`} polled>
        {(data, answer) => (
          <>
            <Notice standing={data.standing} />
            <p class="sources">
              <SourceLink href={url}>Source</SourceLink>, as of slot {answer.as_of.slot}, {utc(answer.as_of.unix_timestamp)}
            </p>
            <Arithmetic epoch={data} url={url} />
            <div class="columns">
              <Timeline epoch={data} />
              <Commitment epoch={data} url={url} />
            </div>
            {data.verdicts !== null && <Verdicts verdicts={data.verdicts} url={url} />}
            {data.totals !== null && (
              <>
                <Shares epoch={data.epoch} pool={data.statement?.pool ?? '0'} />
                <Tracks epoch={data.epoch} />
                <Rejects epoch={data.epoch} />
                <Files epoch={data.epoch} />
              </>
            )}
          </>
        )}
      </Answered>
    </>
  );
}

function Head({ epoch }: { epoch: EpochView }) {
  const number = BigInt(epoch.epoch);
  return (
    <>
      <p class="page-sub">
        <State status={epoch.status} contested={epoch.contested} /> <Standing standing={epoch.standing} />{' '}
        {epoch.mode !== null && <span class="badge">{epoch.mode}</span>}
        <span class="period">
          <When unix={epoch.start_unix} text={utc} /> to <When unix={epoch.end_unix} text={utc} />
        </span>
      </p>
      <nav aria-label="Neighbouring epochs" class="neighbours">
        {number > 0n && <a href={to.epoch((number - 1n).toString())}>← Epoch {(number - 1n).toString()}</a>}
        <a href={to.epoch((number + 1n).toString())}>Epoch {(number + 1n).toString()} →</a>
      </nav>
    </>
  );
}
