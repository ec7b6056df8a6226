import type { Proposal } from '../../api/types';
import { decimal, percent } from '../../format/amount';
import { bpsPercent } from '../../format/multiplier';
import { Bloom } from '../../part/figure';
import { Table } from '../../part/section';

type Tally = Proposal['tally'];

/** Thousandths of what can vote, for drawing. */
function thousandths(part: string, whole: string): number {
  const all = decimal(whole);
  return all === 0n ? 0 : Number((decimal(part) * 1000n) / all);
}

/** The vote as a bar: yes, no and abstain of what can vote, and a mark where the quorum is. */
export function TallyBar({ tally }: { tally: Tally }) {
  const all = tally.votable_base_units;
  const [yes, no, abstain] = [tally.yes_base_units, tally.no_base_units, tally.abstain_base_units].map((part) => thousandths(part, all)) as [number, number, number];
  const quorum = thousandths(tally.quorum_base_units, all);
  const said = `yes ${percent(decimal(tally.yes_base_units), decimal(all)) ?? '–'}, no ${percent(decimal(tally.no_base_units), decimal(all)) ?? '–'}, abstain ${percent(decimal(tally.abstain_base_units), decimal(all)) ?? '–'} of what can vote; quorum ${tally.quorum_reached ? 'reached' : 'not reached'}`;
  return (
    <span class="tally">
      <svg viewBox="0 0 1000 28" preserveAspectRatio="none" role="img" aria-label={said}>
        <rect class="tally-all" x="0" y="6" width="1000" height="16" />
        <rect class="tally-yes" x="0" y="6" width={yes} height="16" />
        <rect class="tally-no" x={yes} y="6" width={no} height="16" />
        <rect class="tally-abstain" x={yes + no} y="6" width={abstain} height="16" />
        <rect class="tally-quorum" x={Math.max(0, quorum - 3)} y="0" width="6" height="28" />
      </svg>
      <small>
        {tally.quorum_reached ? 'quorum reached' : 'quorum not reached'}, {tally.accepted_so_far ? 'accepted so far' : 'not accepted so far'}
      </small>
    </span>
  );
}

/** The vote in figures. */
export function TallyTable({ tally, url, account }: { tally: Tally; url: string; account: string }) {
  const all = decimal(tally.votable_base_units);
  const rows: [string, string][] = [
    ['Yes', tally.yes_base_units],
    ['No', tally.no_base_units],
    ['Abstain', tally.abstain_base_units],
    [`Quorum, ${bpsPercent(tally.quorum_bps)}`, tally.quorum_base_units],
    ['Could vote', tally.votable_base_units],
  ];
  return (
    <Table caption="The vote in figures" head={[{ name: 'Votes' }, { name: 'Stake', number: true }, { name: 'Of what can vote', number: true }]}>
      {rows.map(([name, value]) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td class="right">
            <Bloom value={value} label={name} source={{ href: url, account }} />
          </td>
          <td class="right number">{percent(decimal(value), all) ?? '–'}</td>
        </tr>
      ))}
    </Table>
  );
}
