import { useState } from 'preact/hooks';
import { address } from '../../api/ask';
import type { Projection as View } from '../../api/types';
import { useAnswer } from '../../api/use-answer';
import { Answered } from '../../part/asked';
import { Bloom, Bytes } from '../../part/figure';
import { SourceLink } from '../../part/identity';
import { Section, Table } from '../../part/section';
import { Standing } from '../../part/standing';

/** What the next epochs might bring, and what would have to hold for that. */
export function Projection({ did }: { did: string }) {
  const [ahead, setAhead] = useState(7);
  const url = address(['contributors', did, 'projection'], { epochs: ahead });
  const asked = useAnswer<View>(url);
  return (
    <Section
      title="Projection"
      aside={
        <>
          <Standing standing="estimate" />
          <label class="inline">
            Epochs ahead{' '}
            <select value={String(ahead)} onChange={(event) => setAhead(Number(event.currentTarget.value))}>
              {[1, 7, 30, 90].map((count) => (
                <option key={count} value={String(count)}>
                  {count}
                </option>
              ))}
            </select>
          </label>
        </>
      }
    >
      <Answered asked={asked} what="projection">
        {(projection) => (
          <>
            <Table
              caption={`Projection for ${projection.epochs_ahead} epochs from epoch ${projection.first_epoch} on`}
              head={[{ name: 'If they are like' }, { name: 'Bytes', number: true }, { name: 'Amount', number: true }]}
            >
              {(['low', 'middle', 'high'] as const).map((which) => (
                <tr key={which}>
                  <th scope="row">{{ low: 'the least', middle: 'the median', high: 'the greatest' }[which]} of the last {projection.window.length}</th>
                  <td class="right">
                    <Bytes value={projection.in_all.bytes[which]} label={`Projected bytes, ${which}`} source={{ href: url, formula: projection.explanation }} />
                  </td>
                  <td class="right">
                    <Bloom value={projection.in_all.amount_base_units[which]} label={`Projected amount, ${which}`} source={{ href: url, formula: projection.explanation }} />
                  </td>
                </tr>
              ))}
            </Table>
            <p>{projection.explanation} It assumes:</p>
            <ul class="assumptions">
              {projection.assumptions.map((assumption) => (
                <li key={assumption}>{assumption}</li>
              ))}
            </ul>
            <p class="sources">
              <SourceLink href={url}>Source</SourceLink>, epochs looked at: {projection.window.join(', ')}
            </p>
          </>
        )}
      </Answered>
    </Section>
  );
}
