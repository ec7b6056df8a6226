// "Verify in this browser" against a running service and the chain's RPC: first what is served, then the same with one leaf changed on
// its way, which the page must name.
//
//   node e2e/verify.mjs http://127.0.0.1:8080 --rpc http://127.0.0.1:8899 [--epoch 42] [--picture FILE] [--folder EPOCH_DIR]

import { strict as assert } from 'node:assert';
import { launch, shrink } from './browser.mjs';

const [base, ...rest] = process.argv.slice(2);
const option = (name) => {
  const at = rest.indexOf(name);
  return at < 0 ? undefined : rest[at + 1];
};
const rpc = option('--rpc');
if (base === undefined || rpc === undefined) {
  console.error('usage: node e2e/verify.mjs BASE_URL --rpc RPC_URL [--epoch N] [--picture FILE] [--folder EPOCH_DIR]');
  process.exit(2);
}
const data = async (path) => (await (await fetch(new URL(path, base))).json()).data;
const epoch = (await data(`/api/v1/epochs/${option('--epoch') ?? 'latest'}`)).epoch;
const share = (await data(`/api/v1/epochs/${epoch}/contributors?limit=1`)).items[0];

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, colorScheme: 'light' });
const page = await context.newPage();

/** Runs the verification of the share and returns what the page says. */
async function verdict() {
  await page.goto('about:blank');
  await page.goto(new URL(`#/contributors/${encodeURIComponent(share.did)}?epoch=${epoch}`, base).href);
  const section = page.getByRole('region', { name: 'Verify in this browser' });
  await section.getByLabel('RPC node').fill(rpc);
  await section.getByRole('button', { name: 'Verify in this browser' }).click();
  const status = section.getByRole('status', { name: 'Result of the verification' });
  await status.getByText(/Verified\.|Not verified\.|Consistent\./).waitFor({ timeout: 120_000 });
  return { said: await status.textContent(), section };
}

const first = await verdict();
assert.match(first.said, /^✓ Verified\./, first.said);
const checks = await first.section.getByRole('list', { name: 'Checks' }).getByRole('listitem').allTextContents();
console.error(`verified: ${checks.length} checks`);
const picture = option('--picture');
/** Takes a picture, if pictures are wanted. */
async function take(target, suffix, options = {}) {
  if (picture === undefined) return;
  const path = picture.replace(/\.png$/, `${suffix}.png`);
  await target.screenshot({ path, ...options });
  shrink(path);
}
await take(first.section, '');

// One base unit more in one line of payouts.csv, on its way to the page.
await context.route('**/files/payouts.csv', async (route) => {
  const response = await route.fetch();
  const lines = (await response.text()).split('\n');
  const at = lines.findIndex((line) => line.split(',')[1] === share.did);
  const fields = lines[at].split(',');
  fields[6] = (BigInt(fields[6]) + 1n).toString();
  lines[at] = fields.join(',');
  await route.fulfill({ response, body: lines.join('\n') });
});
const second = await verdict();
assert.match(second.said, /^✗ Not verified\./, second.said);
const difference = second.section.getByRole('table', { name: 'The first difference' });
const named = await difference.textContent();
for (const part of [share.did, String(share.index), share.amount_base_units, 'amount_base_units']) assert.ok(named.includes(part), `${part} is not named: ${named}`);
console.error(`changed: ${second.said}`);
await take(second.section, '-difference');
await context.unroute('**/files/payouts.csv');

// An epoch's folder, without a network.
const folder = option('--folder');
if (folder !== undefined) {
  await page.goto(new URL('#/verify', base).href);
  await page.getByText('Ready: works without a network from here on.').waitFor({ timeout: 30_000 });
  await context.setOffline(true);
  await page.getByLabel(/^Folder of an epoch/).setInputFiles(folder);
  const status = page.getByRole('status', { name: 'Result of the verification' });
  await status.getByText(/Consistent\.|Not verified\./).waitFor({ timeout: 120_000 });
  const said = await status.textContent();
  assert.match(said, /^✓ Consistent\./, said);
  console.error(`offline: ${said}`);
  await take(page, '-offline', { fullPage: true });
  await context.setOffline(false);
}
await browser.close();
