// A share line by line, as the explanation has it.

import { useState } from 'preact/hooks';
import { address } from '../../api/ask';
import type { Cell, Explanation } from '../../api/types';
import { useAnswer } from '../../api/use-answer';
import { grouped } from '../../format/amount';
import { bytes } from '../../format/bytes';
import { factor } from '../../format/multiplier';
import { utcMs } from '../../format/time';
import { Answered } from '../../part/asked';
import { Bloom, Bytes, Figure } from '../../part/figure';
import { Hash, SourceLink } from '../../part/identity';
import { Section, Table } from '../../part/section';
import { Standing } from '../../part/standing';
import { VERDICTS, spoken } from '../epoch/verdict-words';

export function Arithmetic({ did, epoch }: { did: string; epoch: string }) {
  const url = address(['epochs', epoch, 'contributors', did, 'explanation'], { limit: 100 });
  const asked = useAnswer<Explanation>(url);
  return (
    <Section
      title={`Arithmetic of epoch ${epoch}`}
      aside={
        <>
          {asked.answer !== undefined && <Standing standing={asked.answer.standing} />}
          <SourceLink href={url}>Source</SourceLink>
        </>
      }
    >
      <Answered asked={asked} what="explanation">
        {(explanation) => (
          <>
            <Cells cells={explanation.cells} url={url} />
            <Lines explanation={explanation} url={url} />
            <Receipts explanation={explanation} url={url} />
          </>
        )}
      </Answered>
    </Section>
  );
}

/** Cells shown before one asks for all. */
const FEW = 12;

function Cells({ cells, url }: { cells: Cell[]; url: string }) {
  const [all, setAll] = useState(false);
  return (
    <>
    <Table
      visibleCaption
      caption="1. Bytes by track, role and hour, each with its factors"
      head={[
        { name: 'Track' },
        { name: 'Role' },
        { name: 'Hour, UTC', number: true },
        { name: 'Bytes', number: true },
        { name: 'Price of role', number: true },
        { name: 'Consistency', number: true },
        { name: 'Peak', number: true },
        { name: 'Long term', number: true },
        { name: 'Time', number: true },
        { name: 'High quality', number: true },
        { name: 'Metadata', number: true },
        { name: 'Popular', number: true },
        { name: 'Quality', number: true },
      ]}
    >
      {(all ? cells : cells.slice(0, FEW)).map((cell) => (
        <tr key={`${cell.track_id} ${cell.role} ${cell.hour_utc}`}>
          <th scope="row">{cell.track_id}</th>
          <td>{cell.role}</td>
          <td class="right number">{cell.hour_utc}</td>
          <td class="right">
            <Bytes value={cell.bytes} label={`Bytes of track ${cell.track_id}, ${cell.role}, hour ${cell.hour_utc}`} source={{ href: url }} />
          </td>
          <Factor bps={cell.role_bps} />
          <Factor bps={cell.consistency_bps} />
          <Factor bps={cell.peak_bps} />
          <Factor bps={cell.long_term_bps} />
          <Factor bps={cell.time_bps} product />
          <Factor bps={cell.high_quality_bps} />
          <Factor bps={cell.metadata_rich_bps} />
          <Factor bps={cell.popular_bps} />
          <Factor bps={cell.quality_bps} product />
        </tr>
      ))}
    </Table>
    {cells.length > FEW && !all && (
      <button type="button" class="more" onClick={() => setAll(true)}>
        Show all {cells.length} lines
      </button>
    )}
    </>
  );
}

function Factor({ bps, product = false }: { bps: number; product?: boolean }) {
  return (
    <td class={`right number ${bps === 10_000 ? 'plain' : ''} ${product ? 'product' : ''}`} title={`${bps} bps`}>
      {factor(bps)}
    </td>
  );
}

function Lines({ explanation, url }: { explanation: Explanation; url: string }) {
  const { payout } = explanation;
  const source = (formula: string) => ({ href: url, formula });
  const lines: { name: string; formula: string; value: preact.ComponentChildren }[] = [
    { name: '2. Weight', formula: 'Σ bytes × role × time × quality', value: <WeightOf value={explanation.weight_e12} url={url} /> },
    {
      name: '3. Effective bytes',
      formula: 'floor( weight / 10¹² ), factors being basis points',
      value: <Bytes value={payout.effective_bytes} label="Effective bytes" source={source('floor( weight / 10¹² )')} />,
    },
    {
      name: '4. Effective bytes of all',
      formula: 'W',
      value: <Bytes value={explanation.total_effective_bytes} label="Effective bytes of all" source={source('Σ effective bytes')} />,
    },
    { name: '5. Pool', formula: 'min( floor( B × rate / 10⁶ ), epoch cap )', value: <Bloom value={explanation.pool_base_units} label="Pool" source={source('min( floor( B × rate / 10⁶ ), epoch cap )')} /> },
    {
      name: '6. Before the cap',
      formula: 'floor( pool × effective bytes / W )',
      value: <Bloom value={payout.raw_base_units} label="Amount before the cap" source={source('floor( pool × effective bytes / W )')} places={9} />,
    },
    { name: '7. Cap', formula: 'floor( pool × max share / 10⁴ )', value: <Bloom value={explanation.cap_base_units} label="Most that one contributor gets" source={source('floor( pool × max_share_bps / 10⁴ )')} /> },
    {
      name: '8. Amount',
      formula: 'min( line 6, line 7 )',
      value: <Bloom value={payout.amount_base_units} label={`Amount in epoch ${explanation.epoch}`} source={source('min( raw, cap )')} places={9} class="strong" />,
    },
  ];
  return (
    <Table caption="From bytes to the amount" visibleCaption head={[{ name: 'Line' }, { name: 'Formula' }, { name: 'Value', number: true }]}>
      {lines.map((line) => (
        <tr key={line.name}>
          <th scope="row">{line.name}</th>
          <td>
            <code class="formula">{line.formula}</code>
          </td>
          <td class="right">{line.value}</td>
        </tr>
      ))}
      <tr>
        <th scope="row">9. Leaf</th>
        <td>
          <code class="formula">position among all did_hash</code>
        </td>
        <td class="right">
          {payout.index === null ? <span class="none">none: {spoken(payout.reason ?? 'no reason given')}</span> : <span class="number">{payout.index}</span>}
        </td>
      </tr>
    </Table>
  );
}

function WeightOf({ value, url }: { value: string; url: string }) {
  return (
    <Figure
      shown={<span class="number">{grouped(BigInt(value))}</span>}
      exact={grouped(BigInt(value))}
      copied={value}
      label="Weight"
      source={{ href: url, formula: 'Σ bytes × role × time × quality, each factor in basis points' }}
    />
  );
}

function Receipts({ explanation, url }: { explanation: Explanation; url: string }) {
  const { receipts } = explanation;
  return (
    <details>
      <summary>
        Receipts that name the contributor: {receipts.length === explanation.receipts_in_all ? 'all' : `the first ${receipts.length} of`} {grouped(BigInt(explanation.receipts_in_all))}
      </summary>
      <Table
        caption={`Receipts of epoch ${explanation.epoch} that name the contributor`}
        head={[{ name: 'Time' }, { name: 'SFU' }, { name: 'Batch', number: true }, { name: 'Receipt', number: true }, { name: 'Track' }, { name: 'Role' }, { name: 'Bytes', number: true }, { name: 'Verdict' }]}
      >
        {receipts.map((receipt) => (
          <tr key={`${receipt.sfu} ${receipt.seq} ${receipt.position} ${receipt.role}`}>
            <td>
              <time dateTime={new Date(receipt.timestamp_ms).toISOString()}>{utcMs(receipt.timestamp_ms)}</time>
            </td>
            <td>
              <Hash value={receipt.sfu} what="the SFU's DID" length={16} />
            </td>
            <td class="right number">{receipt.seq}</td>
            <td class="right number">{receipt.position}</td>
            <td>{receipt.track_id}</td>
            <td>{receipt.role}</td>
            <td class="right">
              <Bytes value={String(receipt.bytes)} label={`Bytes of receipt ${receipt.position} of batch ${receipt.seq}: ${bytes(BigInt(receipt.bytes))}`} source={{ href: url }} />
            </td>
            <td>
              <span class={receipt.verdict === 'accepted' ? 'good' : 'bad'} title={VERDICTS[receipt.verdict]}>
                {spoken(receipt.verdict)}
              </span>
            </td>
          </tr>
        ))}
      </Table>
      <p class="sources">
        All of them: <SourceLink href={address(['epochs', String(explanation.epoch), 'contributors', explanation.payout.did, 'receipts'])}>receipts</SourceLink>
      </p>
    </details>
  );
}
