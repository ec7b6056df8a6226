// One proposal: what it does, how the vote stands, what it would have changed, and a vote.

import { address } from '../api/ask';
import type { Proposal as View } from '../api/types';
import { useAnswer } from '../api/use-answer';
import { duration, utc } from '../format/time';
import { Answered } from '../part/asked';
import { Bloom } from '../part/figure';
import { Hash, SourceLink } from '../part/identity';
import { PageHead } from '../part/page-head';
import { Fact, Facts, Section, Table, When } from '../part/section';
import { to } from '../route';
import { EffectPreview } from './governance/effect-preview';
import { readValue, says } from './governance/parameter-words';
import { Next } from './governance/proposals';
import { TallyBar, TallyTable } from './governance/tally';
import { Vote } from './governance/vote';
import { spoken } from './epoch/verdict-words';

export function Proposal({ number }: { number: string }) {
  const url = address(['proposals', number]);
  const asked = useAnswer<View>(url, 10_000);
  return (
    <>
      <PageHead title={`Proposal ${number}`}>
        <p class="page-sub">
          <a href={to.governance}>← Governance</a>
          {asked.answer !== undefined && <span class={`badge proposal-${asked.answer.data.state}`}>{asked.answer.data.state}</span>}
        </p>
      </PageHead>
      <Answered asked={asked} what={`proposal ${number}`} polled>
        {(proposal) => (
          <>
            <Section title={capital(proposal.action.words)} aside={<SourceLink href={url}>Source</SourceLink>}>
              <Content proposal={proposal} url={url} />
            </Section>
            <Section title="The vote">
              <TallyBar tally={proposal.tally} />
              <TallyTable tally={proposal.tally} url={url} account={proposal.address} />
              <Times proposal={proposal} />
              <Vote proposal={proposal} />
            </Section>
            {Object.keys(proposal.action.parameters).length > 0 && <EffectPreview proposal={proposal} />}
          </>
        )}
      </Answered>
    </>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** An argument of an action: an amount, a duration, a long identifier, or as it is. */
function Argument({ name, value, url }: { name: string; value: string; url: string }) {
  if (name.endsWith('_base_units')) return <Bloom value={value} label={spoken(name)} source={{ href: url }} />;
  if (name.endsWith('_seconds')) return <>{duration(Number(value))}</>;
  return value.length > 32 ? <Hash value={value} what={spoken(name)} length={48} /> : <>{value}</>;
}

function Content({ proposal, url }: { proposal: View; url: string }) {
  const parameters = Object.entries(proposal.action.parameters);
  const others = Object.entries(proposal.action.arguments);
  return (
    <>
      {parameters.length > 0 && (
        <Table caption="Parameters that it changes" head={[{ name: 'Parameter' }, { name: 'Now' }, { name: 'Then' }]}>
          {parameters.map(([name, change]) => (
            <tr key={name}>
              <th scope="row">
                <code>{name}</code>
                <small>{says(name)}</small>
              </th>
              <td class="number">{readValue(name, change.before)}</td>
              <td class="number">
                <strong>{readValue(name, change.after)}</strong>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Facts>
        {others.map(([name, value]) => (
          <Fact key={name} name={spoken(name.replace(/_(base_units|seconds)$/, ''))}>
            <Argument name={name} value={value} url={url} />
          </Fact>
        ))}
        <Fact name="Proposed by">
          <Hash value={proposal.proposer} what="address of the proposer" length={48} />
        </Fact>
        <Fact name="Account">
          <Hash value={proposal.address} what="address of the proposal" length={48} />
        </Fact>
        <Fact name="Document">{proposal.document_hash === null ? <span class="none">none</span> : <Hash value={proposal.document_hash} what="SHA-256 of the document" length={48} />}</Fact>
      </Facts>
    </>
  );
}

function Times({ proposal }: { proposal: View }) {
  return (
    <Facts>
      <Fact name="Made">
        <When unix={proposal.created_unix} text={utc} />
        <small>slot {proposal.created_slot}: older stake counts</small>
      </Fact>
      <Fact name="Vote ends">
        <When unix={proposal.voting_ends_unix} text={utc} />
      </Fact>
      <Fact name="Executable">
        <When unix={proposal.executable_from_unix} text={utc} /> to <When unix={proposal.executable_until_unix} text={utc} />
        <small>after a timelock of {duration(proposal.timelock_seconds)}</small>
      </Fact>
      <Fact name="Next">
        <Next proposal={proposal} />
      </Fact>
      <Fact name="Quorum">{proposal.needs_live_quorum ? 'the higher one' : 'the usual one'}</Fact>
    </Facts>
  );
}
