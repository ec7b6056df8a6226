import { address } from '../../api/ask';
import type { Settler, Sfu } from '../../api/types';
import { useList } from '../../api/use-answer';
import { utcMs } from '../../format/time';
import { ListEnd } from '../../part/asked';
import { Bytes } from '../../part/figure';
import { Hash, SourceLink } from '../../part/identity';
import { Section, Table } from '../../part/section';
import { to } from '../../route';

/** SFUs, and what is held of each here. */
export function Sfus() {
  const url = address(['sfus'], { limit: 50 });
  const list = useList<Sfu>(url);
  return (
    <Section title="SFUs" aside={<SourceLink href={url}>Source</SourceLink>}>
      {list.items.length > 0 && (
        <Table
          caption="SFUs ever registered, and what is held of each here"
          head={[{ name: 'SFU' }, { name: 'State' }, { name: 'Epochs' }, { name: 'Capacity', number: true }, { name: 'Last batch', number: true }, { name: 'Received' }]}
        >
          {list.items.map((sfu) => (
            <tr key={sfu.did}>
              <th scope="row">
                <Hash value={sfu.did} what="the SFU's DID" />
                {sfu.demo && <small>demo</small>}
              </th>
              <td>
                <span class={sfu.state === 'active' ? 'good' : 'bad'}>{sfu.state}</span>
                {sfu.stop_seq !== null && <small>from batch {sfu.stop_seq}</small>}
              </td>
              <td>
                {sfu.valid_from} {sfu.valid_until === null ? 'on' : `to ${(BigInt(sfu.valid_until) - 1n).toString()}`}
              </td>
              <td class="right">
                <Bytes value={sfu.max_bytes_per_epoch} label={`Most bytes of ${sfu.did} in an epoch`} source={{ href: url, account: sfu.address }} />
              </td>
              <td class="right number">{sfu.held?.seq ?? <span class="none">none</span>}</td>
              <td>{sfu.held === null ? <span class="none">–</span> : utcMs(Number(sfu.held.received_ms))}</td>
            </tr>
          ))}
        </Table>
      )}
      <ListEnd list={list} what="SFUs" none="No SFU is registered." />
    </Section>
  );
}

/** Settlers, and what each supports. */
export function Settlers() {
  const url = address(['settlers'], { limit: 50 });
  const list = useList<Settler>(url);
  return (
    <Section title="Settlers" aside={<SourceLink href={url}>Source</SourceLink>}>
      {list.items.length > 0 && (
        <Table caption="Settlers ever registered" head={[{ name: 'Settler' }, { name: 'State' }, { name: 'From epoch' }, { name: 'Supported last' }]}>
          {list.items.map((settler) => (
            <tr key={settler.address}>
              <th scope="row">
                <Hash value={settler.address} what="address of the settler" />
              </th>
              <td>
                <span class={settler.state === 'active' ? 'good' : 'bad'}>{settler.state}</span>
              </td>
              <td class="number">{settler.valid_from}</td>
              <td>
                {settler.supports === null ? (
                  <span class="none">nothing yet</span>
                ) : (
                  <>
                    <a href={to.epoch(settler.supports.epoch)}>epoch {settler.supports.epoch}</a> <Hash value={settler.supports.commitment} what="commitment" length={16} />
                  </>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      <ListEnd list={list} what="settlers" none="No settler is registered." />
    </Section>
  );
}
