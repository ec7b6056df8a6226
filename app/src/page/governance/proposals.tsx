import { address } from '../../api/ask';
import type { Proposal } from '../../api/types';
import { useList } from '../../api/use-answer';
import { utc } from '../../format/time';
import { ListEnd } from '../../part/asked';
import { SourceLink } from '../../part/identity';
import { Section, Table, When } from '../../part/section';
import { to } from '../../route';
import { TallyBar } from './tally';

const NEXT: Record<string, string> = {
  vote: 'vote until',
  conclude: 'to be concluded',
  wait: 'timelock until',
  execute: 'to be executed until',
  expire: 'expired',
  void: 'void: the authority has changed',
  close: 'over',
};

/** What comes next for a proposal. */
export function Next({ proposal }: { proposal: Proposal }) {
  return (
    <>
      {NEXT[proposal.next] ?? proposal.next} {proposal.next_unix !== null && <When unix={proposal.next_unix} text={utc} />}
    </>
  );
}

/** Proposals, newest first. */
export function Proposals() {
  const url = address(['proposals'], { limit: 20 });
  const list = useList<Proposal>(url);
  return (
    <Section title="Proposals" aside={<SourceLink href={url}>Source</SourceLink>}>
      {list.items.length > 0 && (
        <Table caption="Proposals, newest first" head={[{ name: 'Proposal' }, { name: 'What it does' }, { name: 'State' }, { name: 'Vote' }, { name: 'Next' }]}>
          {list.items.map((proposal) => (
            <tr key={proposal.number}>
              <th scope="row">
                <a href={to.proposal(proposal.number)}>Proposal {proposal.number}</a>
              </th>
              <td class="wide">{proposal.action.words}</td>
              <td>
                <span class={`badge proposal-${proposal.state}`}>{proposal.state}</span>
              </td>
              <td>
                <TallyBar tally={proposal.tally} />
              </td>
              <td>
                <Next proposal={proposal} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <ListEnd list={list} what="proposals" none="There is no proposal: none was made, or all are closed. settler governance propose makes one." />
    </Section>
  );
}
