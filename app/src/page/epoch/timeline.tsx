import { address } from '../../api/ask';
import type { Epoch, Timeline as View } from '../../api/types';
import { useAnswer } from '../../api/use-answer';
import { duration, utc } from '../../format/time';
import { Answered, Empty } from '../../part/asked';
import { Hash, SourceLink } from '../../part/identity';
import { Section, Table, When } from '../../part/section';
import { spoken } from './verdict-words';

const MOMENTS: Record<string, string> = {
  starts: 'Starts',
  ends: 'Ends',
  postable: 'May be posted',
  posted: 'Root posted',
  challenge_ends: 'Challenge window ends',
  disputed: 'Disputed',
  finalized: 'Final',
  ratified: 'Ratified',
  claims_end: 'Claim window ends',
};

/** What has happened to an epoch, what comes next, and the transactions that made it so. */
export function Timeline({ epoch }: { epoch: Epoch }) {
  const url = address(['epochs', epoch.epoch, 'timeline']);
  const asked = useAnswer<View>(url, 15_000);
  return (
    <Section title="Timeline" aside={<SourceLink href={url}>Source</SourceLink>}>
      <Answered asked={asked} what="the timeline">
        {(timeline, { as_of }) => (
          <>
            <ol class="timeline">
              {timeline.moments.map(({ what, unix, passed }) => (
                <li key={what} class={passed ? 'past' : 'ahead'}>
                  <span class="timeline-name">
                    {MOMENTS[what] ?? spoken(what)}
                    <span class="visually-hidden">{passed ? ', passed' : ', not yet'}</span>
                  </span>
                  <span class="timeline-when">
                    <When unix={unix} text={utc} />
                    {!passed && <small>in {duration(unix - as_of.unix_timestamp)}; a pause puts it off</small>}
                  </span>
                </li>
              ))}
              {epoch.mode === 'demo' && epoch.status !== null && (
                <li class="ahead">
                  <span class="timeline-name">Ratified</span>
                  <span class="timeline-when">never: a Demo epoch is neither ratified nor claimed</span>
                </li>
              )}
            </ol>
            <h3>Transactions</h3>
            {timeline.transactions.length === 0 ? (
              <Empty>{timeline.complete ? 'None is known: there was none, or the node keeps no history.' : 'The chain’s history is still being read.'}</Empty>
            ) : (
              <Table caption={`Transactions that changed epoch ${epoch.epoch}`} head={[{ name: 'What' }, { name: 'Signature' }, { name: 'When' }, { name: 'By' }]}>
                {timeline.transactions.map((transaction) => (
                  <tr key={transaction.signature}>
                    <th scope="row">{spoken(transaction.what)}</th>
                    <td>
                      <Hash value={transaction.signature} what="signature of the transaction" length={16} />
                    </td>
                    <td>
                      {transaction.unix === null ? `slot ${transaction.slot}` : <When unix={transaction.unix} text={utc} />}
                    </td>
                    <td>{transaction.by === null ? <span class="none">–</span> : <Hash value={transaction.by} what="address" length={14} />}</td>
                  </tr>
                ))}
              </Table>
            )}
          </>
        )}
      </Answered>
    </Section>
  );
}
