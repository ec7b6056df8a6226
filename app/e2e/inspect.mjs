// What every page of the dashboard is held to: everything arrives, no serious accessibility fault, no scrolling sideways.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The two widths at which pages are looked at. */
export const WIDTHS = { desktop: { width: 1280, height: 860 }, phone: { width: 360, height: 740 } };

async function answer(base, path) {
  const response = await fetch(new URL(path, base));
  return response.ok ? (await response.json()).data : undefined;
}

/** The pages, with an epoch, a contributor and a proposal that this service has. */
export async function pages(base) {
  const latest = await answer(base, '/api/v1/epochs/latest');
  const top = latest === undefined ? undefined : (await answer(base, `/api/v1/epochs/${latest.epoch}/contributors?limit=1`))?.items[0];
  const proposals = (await answer(base, '/api/v1/proposals'))?.items ?? [];
  const proposal = proposals.find(({ action }) => Object.keys(action.parameters).length > 0) ?? proposals[0];
  return [
    { name: 'overview', fragment: '#/' },
    { name: 'epochs', fragment: '#/epochs' },
    ...(latest === undefined ? [] : [{ name: 'epoch', fragment: `#/epochs/${latest.epoch}` }]),
    { name: 'contributors', fragment: '#/contributors' },
    ...(top === undefined ? [] : [{ name: 'contributor', fragment: `#/contributors/${encodeURIComponent(top.did)}` }]),
    { name: 'governance', fragment: '#/governance' },
    ...(proposal === undefined ? [] : [{ name: 'proposal', fragment: `#/governance/${proposal.number}` }]),
    { name: 'verify', fragment: '#/verify' },
    { name: 'status', fragment: '#/status' },
    { name: 'no-such-page', fragment: '#/nowhere' },
  ];
}

/** Waits until everything that a page asks for is there. */
export async function settled(page) {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector('.loading') === null, undefined, { timeout: 20_000 });
  await page.waitForTimeout(400);
}

/** Serious and critical faults that axe finds, each with where it is. */
export async function faults(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, nodes }) => `axe ${impact} ${id}: ${nodes.map((node) => node.target.join(' ')).slice(0, 4).join(' | ')}`);
}

/** By how many pixels the page is wider than its window. */
export function excess(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
