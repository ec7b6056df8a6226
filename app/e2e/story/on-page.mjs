// What the story reads and does on a page: everything by role and accessible name.

import { strict as assert } from 'node:assert';

/** A figure's button, by what it is of. */
export function figure(within, label) {
  return within.getByRole('button', { name: `, ${label}: exact value and source` });
}

/** A figure's exact value, without the grouping: the number of base units, bytes or things. */
export async function exactly(within, label) {
  const title = await figure(within, label).first().getAttribute('title');
  const amount = /= ([\d,]+) base units$/.exec(title) ?? /^([\d,]+)/.exec(title);
  assert.ok(amount, `${label}: ${title}`);
  return amount[1].replaceAll(',', '');
}

/** Goes to a place in the dashboard by its fragment, as a link would. */
export async function go(page, world, fragment) {
  await page.goto(new URL(fragment, world.base).href);
}

/** Presses "Verify in this browser"; what the page says, its checks, and the difference if it names one. */
export async function verify(page) {
  const section = page.getByRole('region', { name: 'Verify in this browser' });
  await section.getByRole('button', { name: 'Verify in this browser' }).click();
  const status = section.getByRole('status', { name: 'Result of the verification' });
  await status.getByText(/Verified\.|Not verified\.|Consistent\./).waitFor({ timeout: 60_000 });
  const difference = section.getByRole('table', { name: 'The first difference' }).first();
  const rows = (await difference.isVisible()) ? await difference.getByRole('row').all() : [];
  const named = await Promise.all(rows.map(async (row) => [await row.getByRole('rowheader').innerText(), await row.getByRole('cell').innerText()]));
  return {
    said: (await status.innerText()).trim(),
    checks: await section.getByRole('list', { name: 'Checks' }).getByRole('listitem').allInnerTexts(),
    difference: Object.fromEntries(named),
  };
}
