import { address } from '../api/ask';
import type { Epoch } from '../api/types';
import { useList } from '../api/use-answer';
import { ListEnd } from '../part/asked';
import { SourceLink } from '../part/identity';
import { PageHead } from '../part/page-head';
import { Section } from '../part/section';
import { Notice } from '../part/standing';
import { EpochTable } from './epoch/epoch-table';

export function Epochs() {
  const url = address(['epochs'], { limit: 50 });
  const list = useList<Epoch>(url);
  return (
    <>
      <PageHead title="Epochs" />
      <Section title="All epochs, newest first" aside={<SourceLink href={url}>Source</SourceLink>}>
        {list.items.length > 0 && <EpochTable epochs={list.items} url={url} caption="Epochs, newest first" />}
        <ListEnd list={list} what="epochs" none="No epoch was posted or sealed yet." />
        <Notice standing={list.standing} />
      </Section>
    </>
  );
}
