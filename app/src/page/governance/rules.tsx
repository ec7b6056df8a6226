import { address } from '../../api/ask';
import type { Governance } from '../../api/types';
import { useAnswer } from '../../api/use-answer';
import { bpsPercent } from '../../format/multiplier';
import { duration } from '../../format/time';
import { Answered } from '../../part/asked';
import { Bloom } from '../../part/figure';
import { Hash, SourceLink } from '../../part/identity';
import { Fact, Facts, Section } from '../../part/section';

/** Who decides, how votes are held, which times apply. */
export function Rules() {
  const url = address(['governance']);
  const asked = useAnswer<Governance>(url, 30_000);
  return (
    <Section title="Who decides, and how" aside={<SourceLink href={url}>Source</SourceLink>}>
      <Answered asked={asked} what="rules">
        {(rules) => (
          <div class="columns">
            <Facts>
              <Fact name="Authority">
                <Hash value={rules.authority} what="address of the authority" />
                <small>{rules.votes_decide ? 'the program’s own governance: votes decide' : rules.bootstrap ? 'that of the beginning: it may do everything except make a Live version' : 'an address of its own'}</small>
              </Fact>
              {rules.offered_to !== null && (
                <Fact name="Offered to">
                  <Hash value={rules.offered_to} what="address that the authority is offered to" />
                </Fact>
              )}
              <Fact name="Arbiter">{rules.arbiter === null ? <span class="none">none</span> : <Hash value={rules.arbiter} what="address of the arbiter" />}</Fact>
              <Fact name="Pause key">
                <Hash value={rules.pause_key} what="pause key" />
              </Fact>
              <Fact name="To propose">{bpsPercent(rules.proposal_threshold_bps)} of what can vote</Fact>
              <Fact name="Quorum">{bpsPercent(rules.quorum_bps)}, or {bpsPercent(rules.live_quorum_bps)} for Live mode, mandates and moves of the authority</Fact>
            </Facts>
            <Facts>
              <Fact name="Vote">{duration(rules.voting_seconds)}</Fact>
              <Fact name="Timelock">{duration(rules.timelock_seconds)}</Fact>
              <Fact name="Execution">within {duration(rules.execution_seconds)}</Fact>
              <Fact name="Grace after an epoch">{duration(rules.grace_seconds)}</Fact>
              <Fact name="Challenge window">{duration(rules.challenge_seconds)}</Fact>
              <Fact name="Dispute">lapses after {duration(rules.dispute_seconds)}</Fact>
              <Fact name="Claim window">{duration(rules.claim_seconds)}</Fact>
              <Fact name="Dispute bond">
                at least <Bloom value={rules.dispute_bond_min_base_units} label="Least dispute bond" source={{ href: url }} />, or {bpsPercent(rules.dispute_bond_bps)} of the pool
              </Fact>
            </Facts>
          </div>
        )}
      </Answered>
    </Section>
  );
}
