import { address } from '../../api/ask';
import type { EpochShare, History } from '../../api/types';
import { Empty } from '../../part/asked';
import { Bloom, Bytes } from '../../part/figure';
import { SourceLink } from '../../part/identity';
import { Section, Table } from '../../part/section';
import { Standing } from '../../part/standing';
import { to } from '../../route';
import { spoken } from '../epoch/verdict-words';

/** Shares listed. */
export const LISTED = 50;

/** The last shares, with the documents of each. */
export function ShareHistory({ did, history, url }: { did: string; history: History; url: string }) {
  const { items, next } = history.shares;
  return (
    <Section title="Shares" aside={<SourceLink href={url}>Source</SourceLink>}>
      {items.length === 0 ? <Empty>There is no share.</Empty> : <Shares shares={items} did={did} />}
      {next !== null && (
        <p class="sources">
          Earlier ones: <SourceLink href={address(['contributors', did], { limit: LISTED, cursor: next })}>the next page of the answer</SourceLink>
        </p>
      )}
    </Section>
  );
}

function Shares({ shares, did }: { shares: EpochShare[]; did: string }) {
  return (
    <Table
      caption="Shares, newest first"
      head={[
        { name: 'Epoch' },
        { name: 'Standing' },
        { name: 'Bytes', number: true },
        { name: 'Effective bytes', number: true },
        { name: 'Amount', number: true },
        { name: 'Leaf', number: true },
        { name: 'Documents' },
      ]}
    >
      {shares.map(({ epoch, standing, payout }) => {
        const source = { href: address(['epochs', epoch, 'contributors', did]) };
        return (
          <tr key={epoch}>
            <th scope="row">
              <a href={to.contributor(did, epoch)}>{epoch}</a>
            </th>
            <td>
              <Standing standing={standing} />
            </td>
            <td class="right">
              <Bytes value={payout.bytes} label={`Bytes in epoch ${epoch}`} source={source} />
            </td>
            <td class="right">
              <Bytes value={payout.effective_bytes} label={`Effective bytes in epoch ${epoch}`} source={source} />
            </td>
            <td class="right">
              <Bloom value={payout.amount_base_units} label={`Amount in epoch ${epoch}`} source={source} />
            </td>
            <td class="right number">{payout.index ?? <span class="none">{spoken(payout.reason ?? 'none')}</span>}</td>
            <td>
              {payout.index !== null && <a href={address(['epochs', epoch, 'contributors', did, 'proof'])}>proof</a>}{' '}
              <a href={address(['epochs', epoch, 'contributors', did, 'explanation'])}>explanation</a>{' '}
              <a href={address(['epochs', epoch, 'contributors', did, 'receipts'])}>receipts</a>
            </td>
          </tr>
        );
      })}
    </Table>
  );
}
