// Every step from bytes to parts, with its formula. Nothing is computed here but one sum: that the parts add up.

import type { ComponentChildren } from 'preact';
import type { Epoch } from '../../api/types';
import { address } from '../../api/ask';
import { decimal, percent } from '../../format/amount';
import { bpsPercent } from '../../format/multiplier';
import { Empty } from '../../part/asked';
import { Bloom, Bytes, Count } from '../../part/figure';
import { SourceLink } from '../../part/identity';
import { Section } from '../../part/section';

function Step({ number, name, formula, children, of }: { number: number; name: string; formula: string; children: ComponentChildren; of?: ComponentChildren }) {
  return (
    <li>
      <span class="step-number" aria-hidden="true">
        {number}
      </span>
      <div class="step-name">
        <strong>{name}</strong>
        <code class="formula">{formula}</code>
        {of !== undefined && <span class="step-of">{of}</span>}
      </div>
      <div class="step-value">{children}</div>
    </li>
  );
}

export function Arithmetic({ epoch, url }: { epoch: Epoch; url: string }) {
  const { statement, totals, params } = epoch;
  if (statement === null) {
    return (
      <Section title="From bytes to parts">
        <Empty>No root of this epoch is in force, and nothing of it is sealed here.</Empty>
      </Section>
    );
  }
  const committed = { href: url, account: epoch.address };
  const manifest = { href: address(['epochs', epoch.epoch, 'files', 'manifest.json']) };
  const parameter = (name: string): string => String(params?.[name] ?? '');
  const capped = params !== null && statement.pool === parameter('epoch_cap');
  return (
    <Section title="From bytes to parts" aside={<SourceLink href={manifest.href}>manifest.json</SourceLink>}>
      <ol class="steps">
        <Step number={1} name="Accepted bytes" formula="Σ bytes of accepted receipts" of={<><Count value={statement.batches.count} label="Accepted batches" source={committed} /> signed batches</>}>
          <Bytes value={statement.batches.sum} label="Accepted bytes" source={{ ...committed, formula: 'sum of the batch tree' }} />
        </Step>
        {totals !== null && params !== null && (
          <Step
            number={2}
            name="Bytes that the rate is paid for"
            formula="B = floor( Σ bytes × role / 10⁴ )"
            of={`roles: uploader ${bpsPercent(Number(parameter('role_uploader_bps')))}, seeder ${bpsPercent(Number(parameter('role_seeder_bps')))}, relay ${bpsPercent(Number(parameter('role_relay_bps')))}, storage ${bpsPercent(Number(parameter('role_storage_bps')))}`}
          >
            <Bytes value={totals.paid_bytes} label="Bytes that the rate is paid for" source={manifest} />
          </Step>
        )}
        <Step
          number={3}
          name="Pool"
          formula="pool = min( floor( B × rate / 10⁶ ), epoch cap )"
          of={
            params !== null && (
              <>
                rate <Count value={parameter('rate')} label="Rate in femto-BLOOM per byte" source={manifest} /> fBLOOM/byte, cap{' '}
                <Bloom value={parameter('epoch_cap')} label="Cap of the epoch" source={manifest} places={2} />
                {capped && <strong> (the cap cuts it)</strong>}
              </>
            )
          }
        >
          <Bloom value={statement.pool} label="Pool" source={committed} />
        </Step>
        {totals !== null && params !== null && (
          <>
            <Step number={4} name="Effective bytes of all" formula="W = Σ floor( Σ bytes × role × time × quality / 10¹² )" of={<><Count value={totals.contributors} label="Contributors" source={manifest} /> contributors</>}>
              <Bytes value={totals.effective_bytes} label="Effective bytes of all contributors" source={manifest} />
            </Step>
            <Step
              number={5}
              name="Each part"
              formula="amount = min( floor( pool × effective / W ), cap )"
              of={
                <>
                  at least <Bloom value={totals.minimum_base_units} label="Minimum of a share" source={manifest} places={9} />, at most{' '}
                  <Bloom value={totals.cap_base_units} label="Most that one contributor gets" source={manifest} /> (
                  {bpsPercent(Number(parameter('max_share_bps')))} of the pool)
                </>
              }
            >
              <Count value={statement.payouts.reduce((sum, tree) => sum + tree.count, 0)} label="Shares" source={committed} /> shares
            </Step>
          </>
        )}
        <Step number={totals === null ? 4 : 6} name="Parts" formula="Σ amount" of={`in ${statement.payouts.length} tree${statement.payouts.length === 1 ? '' : 's'}`}>
          <Bloom value={epoch.payouts_base_units} label="Sum of all parts" source={{ ...committed, formula: 'sum of the payout trees' }} />
        </Step>
        {totals !== null && (
          <Step number={7} name="Unallocated" formula="pool − Σ amount" of="nothing is minted for it">
            <Bloom value={totals.unallocated_base_units} label="Unallocated" source={manifest} places={9} />
          </Step>
        )}
      </ol>
      {totals !== null && epoch.payouts_base_units !== null && (
        <AddsUp pool={statement.pool} parts={epoch.payouts_base_units} rest={totals.unallocated_base_units} />
      )}
    </Section>
  );
}

function AddsUp({ pool, parts, rest }: { pool: string; parts: string; rest: string }) {
  const holds = decimal(parts) + decimal(rest) === decimal(pool);
  return (
    <p class={holds ? 'verdict good' : 'verdict bad'} data-testid="adds-up">
      {holds ? '✓ Parts and unallocated add up to the pool, to the base unit' : '✗ Parts and unallocated do not add up to the pool'}
      {holds && percent(decimal(parts), decimal(pool)) !== undefined && `; ${percent(decimal(parts), decimal(pool))} of it is allocated`}.
    </p>
  );
}
