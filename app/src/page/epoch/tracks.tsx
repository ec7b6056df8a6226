import { address } from '../../api/ask';
import type { Track } from '../../api/types';
import { useList } from '../../api/use-answer';
import { decimal } from '../../format/amount';
import { duration } from '../../format/time';
import { ListEnd } from '../../part/asked';
import { Bytes, Count, Figure } from '../../part/figure';
import { Hash, SourceLink } from '../../part/identity';
import { Section, Table } from '../../part/section';

/** Tracks of an epoch, most bytes first. */
export function Tracks({ epoch }: { epoch: string }) {
  const url = address(['epochs', epoch, 'tracks'], { limit: 10 });
  const list = useList<Track>(url);
  return (
    <Section title="Tracks" aside={<SourceLink href={url}>Source</SourceLink>}>
      {list.items.length > 0 && (
        <Table
          caption={`Tracks of epoch ${epoch}, most bytes first`}
          head={[
            { name: 'Track' },
            { name: 'SFU' },
            { name: 'Bytes', number: true },
            { name: 'Measured kbit/s', number: true },
            { name: 'Listening', number: true },
            { name: 'Metadata', number: true },
          ]}
        >
          {list.items.map((track) => (
            <tr key={`${track.sfu} ${track.track_id}`}>
              <th scope="row">{track.track_id}</th>
              <td>
                <Hash value={track.sfu} what="the SFU's DID" />
              </td>
              <td class="right">
                <Bytes value={track.bytes} label={`Bytes of track ${track.track_id}`} source={{ href: url }} />
              </td>
              <td class="right">
                <Count value={track.kbps} label={`Measured bit rate of track ${track.track_id}`} source={{ href: url, formula: 'floor( 8 × bytes / Σ recipients × window )' }} />
              </td>
              <td class="right">
                <Figure
                  shown={<span class="number">{duration(Number(decimal(track.listener_ms) / 1000n))}</span>}
                  exact={`${track.listener_ms} ms`}
                  copied={track.listener_ms}
                  label={`Listening time of track ${track.track_id}`}
                  source={{ href: url, formula: 'Σ min( recipients × window, floor( 8 × bytes / min kbit/s ) )' }}
                />
              </td>
              <td class="right number">{track.metadata_fields} of 8</td>
            </tr>
          ))}
        </Table>
      )}
      <ListEnd list={list} what="tracks" none="No track has accepted bytes." />
    </Section>
  );
}
