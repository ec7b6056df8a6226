// What a verification has come to, check by check.

import type { Difference } from '@mycelia/radio-payouts';
import { Copy } from '../part/copy';
import type { Check, CheckState } from './messages';
import type { Verifier } from './use-verifier';

const MARKS: Record<CheckState, string> = { running: '…', passed: '✓', failed: '✗', 'left out': '–' };

/** Progress, checks, and the verdict, which a screen reader is told. */
export function Result({ verifier }: { verifier: Verifier }) {
  const { busy, checks, progress, outcome } = verifier;
  return (
    <div class="result">
      {busy && (
        <div class="working">
          <label>
            {progress === undefined ? 'Working …' : `${progress.stage}: ${progress.batches} of ${progress.batchesExpected} batches`}
            <progress max={progress?.batchesExpected ?? 1} {...(progress === undefined ? {} : { value: progress.batches })} />
          </label>
          <button type="button" onClick={verifier.stop}>
            Stop
          </button>
        </div>
      )}
      <div role="status" aria-label="Result of the verification">
        {outcome !== undefined && (
          <p class={`verdict ${outcome.passed ? (outcome.against === 'itself' ? 'plain' : 'good') : 'bad'}`}>
            <strong>{outcome.passed ? (outcome.against === 'itself' ? '✓ Consistent.' : '✓ Verified.') : '✗ Not verified.'}</strong> {outcome.message}
          </p>
        )}
      </div>
      {checks.length > 0 && (
        <ol class="checks" aria-label="Checks">
          {checks.map((check) => (
            <Line key={check.id} check={check} />
          ))}
        </ol>
      )}
    </div>
  );
}

function Line({ check }: { check: Check }) {
  return (
    <li class={`check check-${check.state.replace(' ', '-')}`}>
      <span class="check-mark" aria-hidden="true">
        {MARKS[check.state]}
      </span>
      <div>
        <p class="check-title">
          {check.title} <span class="visually-hidden">: {check.state}</span>
        </p>
        {check.detail !== '' && <p class="check-detail">{check.detail}</p>}
        {check.difference !== undefined && <Differs difference={check.difference} />}
        {check.facts !== undefined && (
          <dl class="check-facts">
            {check.facts.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <code>{value}</code> {value.length > 24 && <Copy text={value} what={name} />}
                </dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </li>
  );
}

/** The first difference: where it is, and both values. */
function Differs({ difference }: { difference: Difference }) {
  const rows: [string, string | number | undefined][] = [
    ['In', difference.file === undefined ? difference.subject : `${difference.file}${difference.line === undefined ? '' : `, line ${difference.line}`}`],
    ['Leaf', difference.leafIndex],
    ['DID', difference.did],
    ['SFU', difference.sfu],
    ['Batch', difference.seq],
    ['Field', difference.field],
    ['Found', difference.found],
    ['Recomputed', difference.recomputed],
  ];
  return (
    <table class="difference">
      <caption>The first difference</caption>
      <tbody>
        {rows.map(([name, value]) =>
          value === undefined ? null : (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <code>{value}</code>
              </td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}
