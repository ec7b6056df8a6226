import { address } from '../../api/ask';
import type { Epoch, Page } from '../../api/types';
import { useAnswer } from '../../api/use-answer';
import { Answered, Empty } from '../../part/asked';
import { SourceLink } from '../../part/identity';
import { Section } from '../../part/section';
import { to } from '../../route';
import { EpochTable } from '../epoch/epoch-table';

/** States of the last epochs. */
export function RecentEpochs() {
  const url = address(['epochs'], { limit: 6 });
  const asked = useAnswer<Page<Epoch>>(url, 10_000);
  return (
    <Section title="Recent epochs" aside={<a href={to.epochs}>All epochs</a>}>
      <Answered asked={asked} what="epochs" polled>
        {(page) =>
          page.items.length === 0 ? (
            <Empty>No epoch was posted or sealed yet.</Empty>
          ) : (
            <EpochTable epochs={page.items} url={url} caption="Recent epochs and where they stand" />
          )
        }
      </Answered>
      <p class="sources">
        <SourceLink href={url}>Source of these figures</SourceLink>
      </p>
    </Section>
  );
}
