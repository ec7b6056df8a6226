import { address } from '../../api/ask';
import type { Mandate } from '../../api/types';
import { useList } from '../../api/use-answer';
import { duration } from '../../format/time';
import { ListEnd } from '../../part/asked';
import { Bloom } from '../../part/figure';
import { SourceLink } from '../../part/identity';
import { Section, Table } from '../../part/section';

/** Mandates under which anyone may ratify epochs. */
export function Mandates() {
  const url = address(['mandates']);
  const list = useList<Mandate>(url);
  return (
    <Section title="Mandates" aside={<SourceLink href={url}>Source</SourceLink>}>
      {list.items.length > 0 && (
        <Table
          caption="Mandates, newest first"
          head={[{ name: 'Mandate' }, { name: 'Epochs' }, { name: 'Budget', number: true }, { name: 'Spent', number: true }, { name: 'Left', number: true }, { name: 'Final for' }, { name: 'State' }]}
        >
          {list.items.map((mandate) => (
            <tr key={mandate.number}>
              <th scope="row">{mandate.number}</th>
              <td>
                {mandate.first_epoch} to {mandate.last_epoch}
              </td>
              <td class="right">
                <Bloom value={mandate.budget_base_units} label={`Budget of mandate ${mandate.number}`} source={{ href: url }} />
              </td>
              <td class="right">
                <Bloom value={mandate.spent_base_units} label={`Spent of mandate ${mandate.number}`} source={{ href: url }} />
              </td>
              <td class="right">
                <Bloom value={mandate.left_base_units} label={`Left of mandate ${mandate.number}`} source={{ href: url }} />
              </td>
              <td>{duration(mandate.delay_seconds)}</td>
              <td>{mandate.cancelled ? 'cancelled' : 'in force'}</td>
            </tr>
          ))}
        </Table>
      )}
      <ListEnd list={list} what="mandates" none="There is no mandate: an epoch is ratified by a proposal of its own." />
    </Section>
  );
}
