import { address } from '../../api/ask';
import type { Payout } from '../../api/types';
import { useList } from '../../api/use-answer';
import { decimal, percent } from '../../format/amount';
import { ListEnd } from '../../part/asked';
import { Bloom, Bytes } from '../../part/figure';
import { Did, SourceLink } from '../../part/identity';
import { Section, Table } from '../../part/section';
import { spoken } from './verdict-words';

/** Shares of an epoch, highest first. */
export function Shares({ epoch, pool }: { epoch: string; pool: string }) {
  const url = address(['epochs', epoch, 'contributors'], { limit: 20 });
  const list = useList<Payout>(url);
  const whole = decimal(pool);
  return (
    <Section title="Shares, highest first" aside={<SourceLink href={url}>Source</SourceLink>}>
      {list.items.length > 0 && (
        <Table
          caption={`Shares of epoch ${epoch}, highest first`}
          head={[
            { name: 'Contributor' },
            { name: 'Bytes', number: true },
            { name: 'Effective bytes', number: true },
            { name: 'Before cap', number: true },
            { name: 'Amount', number: true },
            { name: 'Of pool', number: true },
            { name: 'Leaf', number: true },
          ]}
        >
          {list.items.map((payout) => {
            const source = { href: address(['epochs', epoch, 'contributors', payout.did]) };
            return (
              <tr key={payout.did}>
                <th scope="row">
                  <Did did={payout.did} epoch={epoch} />
                </th>
                <td class="right">
                  <Bytes value={payout.bytes} label={`Bytes of ${payout.did}`} source={source} />
                </td>
                <td class="right">
                  <Bytes value={payout.effective_bytes} label={`Effective bytes of ${payout.did}`} source={source} />
                </td>
                <td class="right">
                  <Bloom value={payout.raw_base_units} label={`Amount of ${payout.did} before the cap`} source={source} unit={false} />
                </td>
                <td class="right">
                  <Bloom value={payout.amount_base_units} label={`Amount of ${payout.did}`} source={source} />
                </td>
                <td class="right number">{percent(decimal(payout.amount_base_units), whole) ?? '–'}</td>
                <td class="right number">{payout.index ?? <span class="none">{spoken(payout.reason ?? 'none')}</span>}</td>
              </tr>
            );
          })}
        </Table>
      )}
      <ListEnd list={list} what="shares" none="Nobody delivered bytes that count." />
    </Section>
  );
}
