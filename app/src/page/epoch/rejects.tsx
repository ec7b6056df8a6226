import { useState } from 'preact/hooks';
import { address } from '../../api/ask';
import type { Rejected } from '../../api/types';
import { useList } from '../../api/use-answer';
import { ListEnd } from '../../part/asked';
import { Bytes } from '../../part/figure';
import { Hash, SourceLink } from '../../part/identity';
import { Section, Table } from '../../part/section';
import { VERDICTS, spoken } from './verdict-words';

const WORDS = Object.keys(VERDICTS).filter((word) => word !== 'accepted');

/** What of an epoch does not count, and why. */
export function Rejects({ epoch }: { epoch: string }) {
  const [verdict, setVerdict] = useState('');
  const url = address(['epochs', epoch, 'rejects'], { limit: 10, verdict });
  const list = useList<Rejected>(url);
  return (
    <Section
      title="Rejected"
      aside={
        <>
          <label class="inline">
            Verdict{' '}
            <select value={verdict} onChange={(event) => setVerdict(event.currentTarget.value)}>
              <option value="">all</option>
              {WORDS.map((word) => (
                <option key={word} value={word}>
                  {spoken(word)}
                </option>
              ))}
            </select>
          </label>
          <SourceLink href={url}>Source</SourceLink>
        </>
      }
    >
      {list.items.length > 0 && (
        <Table
          caption={`Batches and receipts of epoch ${epoch} that do not count`}
          head={[{ name: 'SFU' }, { name: 'Batch', number: true }, { name: 'Receipt' }, { name: 'Claimed', number: true }, { name: 'Why' }]}
        >
          {list.items.map((rejected) => (
            <tr key={`${rejected.sfu} ${rejected.seq} ${rejected.position ?? ''} ${rejected.verdict}`}>
              <td>
                <Hash value={rejected.sfu} what="the SFU's DID" />
              </td>
              <td class="right number">{rejected.seq}</td>
              <td>{rejected.position === null ? 'the whole batch' : `${rejected.position}: track ${rejected.track_id ?? ''}, room ${rejected.room_id ?? ''}`}</td>
              <td class="right">
                <Bytes value={rejected.bytes} label="Bytes claimed" source={{ href: url }} />
              </td>
              <td>
                <span class="bad">{spoken(rejected.verdict)}</span>
                <small>{rejected.explanation}</small>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <ListEnd list={list} what="rejects" none={verdict === '' ? 'Everything that was judged counts.' : 'Nothing was rejected for this.'} />
      <p class="sources">
        Refused at once and never held: <SourceLink href={address(['rejects'])}>{address(['rejects'])}</SourceLink>
      </p>
    </Section>
  );
}
