// Contributors: search by DID or address.

import { useState } from 'preact/hooks';
import { address } from '../api/ask';
import type { Contributor } from '../api/types';
import { useList } from '../api/use-answer';
import { ListEnd } from '../part/asked';
import { Bloom, Bytes, Count } from '../part/figure';
import { Did, Hash, SourceLink } from '../part/identity';
import { PageHead } from '../part/page-head';
import { Section, Table } from '../part/section';
import { Notice } from '../part/standing';
import { go, to } from '../route';

export function Contributors({ query }: { query: string }) {
  const url = address(['contributors'], { q: query, limit: 25 });
  const list = useList<Contributor>(url);
  return (
    <>
      <PageHead title="Contributors" />
      <Search query={query} />
      <Section
        title={query === '' ? 'Everybody with a share' : `Found for ${query}`}
        aside={<SourceLink href={url}>Source</SourceLink>}
      >
        {list.items.length > 0 && (
          <Table
            caption={query === '' ? 'Contributors with at least one share' : `Contributors found for ${query}`}
            head={[
              { name: 'Contributor' },
              { name: 'Paid to' },
              { name: 'Epochs', number: true },
              { name: 'Bytes', number: true },
              { name: 'Amount', number: true },
            ]}
          >
            {list.items.map((one) => {
              const source = { href: address(['contributors', one.did]) };
              return (
                <tr key={one.did}>
                  <th scope="row">
                    <Did did={one.did} />
                  </th>
                  <td>{one.payee === null ? <span class="none">by binding</span> : <Hash value={one.payee} what="address that is paid" length={16} />}</td>
                  <td class="right">
                    <Count value={one.epochs} label={`Epochs of ${one.did}`} source={source} />
                  </td>
                  <td class="right">
                    <Bytes value={one.bytes} label={`Bytes of ${one.did} in all epochs`} source={source} />
                  </td>
                  <td class="right">
                    <Bloom value={one.amount_base_units} label={`Amount of ${one.did} in all epochs`} source={source} />
                  </td>
                </tr>
              );
            })}
          </Table>
        )}
        <ListEnd
          list={list}
          what="contributors"
          none={
            query === '' ? (
              'No epoch is sealed yet, so nobody has a share.'
            ) : (
              <>
                Nobody is known by that. Give a DID or the beginning of one, or the whole address that is paid. Receipts that were refused at once are
                under <SourceLink href={address(['rejects'], { text: query })}>rejects</SourceLink>.
              </>
            )
          }
        />
        <Notice standing={list.standing} />
      </Section>
    </>
  );
}

/** The search, by itself so that typing does not ask. */
export function Search({ query }: { query: string }) {
  const [text, set] = useState(query);
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = text.trim();
        go(/^did:[a-z0-9]+:.{20,}$/.test(wanted) ? to.contributor(wanted) : to.contributors(wanted));
      }}
    >
      <label for="search">DID, its beginning, or the address that is paid</label>
      <div class="search-line">
        <input
          id="search"
          name="q"
          type="search"
          autoComplete="off"
          spellcheck={false}
          placeholder="did:key:z6Mk…"
          value={text}
          onInput={(event) => set(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          Search
        </button>
      </div>
    </form>
  );
}
