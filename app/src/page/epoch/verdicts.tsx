import type { Epoch } from '../../api/types';
import { decimal, percent } from '../../format/amount';
import { Count } from '../../part/figure';
import { Section, Table } from '../../part/section';
import { VERDICTS, spoken } from './verdict-words';

type Counts = NonNullable<Epoch['verdicts']>['batches'];

/** How many batches and receipts got which verdict. */
export function Verdicts({ verdicts, url }: { verdicts: NonNullable<Epoch['verdicts']>; url: string }) {
  return (
    <Section title="Verdicts">
      <div class="columns">
        <Counted caption="Batches by verdict" counts={verdicts.batches} url={url} what="batches" />
        <Counted caption="Receipts of accepted batches by verdict" counts={verdicts.receipts} url={url} what="receipts" />
      </div>
    </Section>
  );
}

function Counted({ caption, counts, url, what }: { caption: string; counts: Counts; url: string; what: string }) {
  const entries = Object.entries(counts).map(([word, count]): [string, bigint] => [word, decimal(String(count))]);
  entries.sort(([a], [b]) => (a === 'accepted' ? -1 : b === 'accepted' ? 1 : a.localeCompare(b)));
  const all = entries.reduce((sum, [, count]) => sum + count, 0n);
  return (
    <Table caption={caption} visibleCaption head={[{ name: 'Verdict' }, { name: 'Count', number: true }, { name: 'Part', number: true }]}>
      {entries.map(([word, count]) => (
        <tr key={word}>
          <th scope="row">
            <span class={word === 'accepted' ? 'good' : 'bad'}>{spoken(word)}</span>
            <small>{VERDICTS[word]}</small>
          </th>
          <td class="right">
            <Count value={count.toString()} label={`${what} ${spoken(word)}`} source={{ href: url }} />
          </td>
          <td class="right number">{percent(count, all, 1) ?? '–'}</td>
        </tr>
      ))}
    </Table>
  );
}
