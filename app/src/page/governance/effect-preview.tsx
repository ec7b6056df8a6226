// What a change would have done to epochs that were: a simulation, checked by its hash.

import { useState } from 'preact/hooks';
import { useDeployment } from '../../api/context';
import type { Proposal } from '../../api/types';
import { bloom, exactBloom, grouped } from '../../format/amount';
import { bytes } from '../../format/bytes';
import { shortDid } from '../../format/short';
import { FileDrop } from '../../part/file-drop';
import { Figure } from '../../part/figure';
import { Did } from '../../part/identity';
import { Section, Table } from '../../part/section';
import { spoken } from '../epoch/verdict-words';
import { hash, mismatches, parse, type Simulation } from './simulation';

type Shown = { kind: 'none' } | { kind: 'failed'; message: string } | { kind: 'read'; simulation: Simulation; computed: string; name: string };

const FIELDS = ['accepted_bytes', 'effective_bytes', 'earned_base_units', 'cut_by_epoch_cap_base_units', 'pool_base_units', 'allocated_base_units', 'unallocated_base_units', 'shares', 'capped_shares', 'small_shares'];

export function EffectPreview({ proposal }: { proposal: Proposal }) {
  const domain = useDeployment().answer?.data.domain;
  const [shown, set] = useState<Shown>({ kind: 'none' });
  const [link, setLink] = useState('');
  const show = async (text: string, name: string): Promise<void> => {
    try {
      const simulation = parse(text);
      set({ kind: 'read', simulation, computed: await hash(simulation), name });
    } catch (error) {
      set({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
  };
  const fetched = async (): Promise<void> => {
    try {
      const response = await fetch(link);
      if (!response.ok) throw new Error(`the link answered ${response.status}`);
      await show(await response.text(), link);
    } catch (error) {
      set({ kind: 'failed', message: `${error instanceof Error ? error.message : String(error)}: download the document and drop it here` });
    }
  };
  return (
    <Section title="Effect preview">
      <p>
        The document of <code>settler simulate --proposal {proposal.number} --out FILE</code> says what this change would have done to epochs that were. It is read in
        this browser, and its hash is compared with the one that the proposal carries.
      </p>
      <FileDrop id="simulation" label="Drop the simulation here, or choose it" accept=".json,application/json" onFiles={([first]) => void first?.file.text().then((text) => show(text, first.path))} />
      <form
        class="search-line"
        onSubmit={(event) => {
          event.preventDefault();
          void fetched();
        }}
      >
        <label for="simulation-link" class="visually-hidden">
          Link to the simulation
        </label>
        <input id="simulation-link" type="url" placeholder="or a link to it: https://…" required value={link} onInput={(event) => setLink(event.currentTarget.value)} />
        <button type="submit">Fetch</button>
      </form>
      <div role="status">
        {shown.kind === 'failed' && <p class="verdict bad">✗ {shown.message}.</p>}
        {shown.kind === 'read' && domain !== undefined && <Fits proposal={proposal} shown={shown} domain={domain} />}
      </div>
      {shown.kind === 'read' && <Effects simulation={shown.simulation} />}
    </Section>
  );
}

function Fits({ proposal, shown, domain }: { proposal: Proposal; shown: Extract<Shown, { kind: 'read' }>; domain: string }) {
  const found = mismatches(shown.simulation, shown.computed, proposal, domain);
  if (found.length === 0) {
    return (
      <p class="verdict good">
        ✓ {shown.name} is the document that the proposal carries: <code>{shown.computed}</code>. That its figures follow from the epochs, settler simulate --check shows.
      </p>
    );
  }
  return (
    <div class="verdict bad">
      <p>✗ {shown.name} is not the document that the proposal carries:</p>
      <ul>
        {found.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </div>
  );
}

function value(name: string, text: string | undefined): string {
  if (text === undefined) return '–';
  const number = BigInt(text);
  if (name.endsWith('_base_units')) return `${bloom(number)} BLOOM`;
  return name.endsWith('_bytes') && number >= 0n ? bytes(number) : grouped(number);
}

function Effects({ simulation }: { simulation: Simulation }) {
  const most = [...simulation.contributors].sort((a, b) => Number(size(BigInt(b.difference_base_units)) - size(BigInt(a.difference_base_units)))).slice(0, 25);
  const epochs = simulation.epochs.map((one) => one.epoch);
  const source = { formula: `settler simulate over epochs ${epochs.join(', ')}` };
  return (
    <>
      <Table
        caption={`Sums over ${epochs.length} epochs: as they were, and with the change`}
        visibleCaption
        head={[{ name: 'Sum' }, { name: 'As it was', number: true }, { name: 'With the change', number: true }, { name: 'Difference', number: true }]}
      >
        {FIELDS.map((name) => {
          const [before, after] = [simulation.before[name], simulation.after[name]];
          if (before === undefined || after === undefined) return null;
          return (
            <tr key={name}>
              <th scope="row">{spoken(name).replace(' base units', '')}</th>
              <td class="right number">{value(name, before)}</td>
              <td class="right number">{value(name, after)}</td>
              <td class="right">
                <Figure shown={<span class="number">{value(name, (BigInt(after) - BigInt(before)).toString())}</span>} exact={grouped(BigInt(after) - BigInt(before))} label={`Difference of ${spoken(name)}`} source={source} />
              </td>
            </tr>
          );
        })}
      </Table>
      <Table
        caption={`Contributors with the greatest difference, ${most.length} of ${simulation.contributors.length}`}
        visibleCaption
        head={[{ name: 'Contributor' }, { name: 'As it was', number: true }, { name: 'With the change', number: true }, { name: 'Difference', number: true }]}
      >
        {most.map((one) => (
          <tr key={one.did}>
            <th scope="row">
              <Did did={one.did} />
            </th>
            <td class="right number">{bloom(BigInt(one.before_base_units))}</td>
            <td class="right number">{bloom(BigInt(one.after_base_units))}</td>
            <td class="right">
              <Figure
                shown={
                  <span class={`number ${BigInt(one.difference_base_units) < 0n ? 'bad' : 'good'}`}>
                    {BigInt(one.difference_base_units) > 0n ? '+' : ''}
                    {bloom(BigInt(one.difference_base_units))}
                  </span>
                }
                exact={`${exactBloom(BigInt(one.difference_base_units))} BLOOM`}
                copied={one.difference_base_units}
                label={`Difference for ${shortDid(one.did)}`}
                source={source}
              />
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value;
}
