// The steps of the story, one function each, in the order in which they are told.

import { strict as assert } from 'node:assert';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { demoParams, epochAddress } from '@mycelia/radio-payouts';
import { WIDTHS, excess, faults, pages, settled } from '../inspect.mjs';
import { exactly, figure, go, verify } from './on-page.mjs';
import { startOtherChain } from './other-chain.mjs';
import { data, epochAccount, payouts, settle, until } from './service.mjs';

/** Most bytes of the first load, as transferred. */
const FIRST_LOAD = 1_000_000;
/** Longest time from the acknowledgement of a batch to the figure on the page, in milliseconds. */
const ON_THE_PAGE_MS = 5_000;
/** Length of a tick, in milliseconds. */
const TICK_MS = 2_000;
/** Ticks whose effect is waited for. */
const WATCHED = 5;
/** Batches of the epoch before. */
const EARLIER = 6;
/** What must be left of an epoch for its estimate to be watched, in milliseconds. */
const NEEDED_MS = 40_000;

/** The epoch before: its batches arrive late and are settled, so that the epoch of the story has a parent and a history. */
export async function earlier(world) {
  const { genesis_unix, epoch_seconds, running_epoch } = world.deployment;
  assert.notEqual(running_epoch, '0', 'epoch 0 is over when the story begins');
  const end = (genesis_unix + epoch_seconds) * 1_000;
  for (let tick = EARLIER; tick > 0; tick -= 1) await world.sfu.post('0', end - (tick + 1) * 10_000, end - tick * 10_000);
  world.folders = await settle(world);
  assert.ok(world.folders['0'], `epoch 0 is settled: ${JSON.stringify(world.folders)}`);
  await until('epoch 0 in the API', 30_000, async () => (await fetch(new URL('/api/v1/epochs/0/files', world.base))).ok);
  return `${EARLIER} batches of epoch 0 settled`;
}

/** Which epoch the story is of: one that runs by the clock of the chain, and of which enough is left by that of the SFU. */
export async function begins(world) {
  const { genesis_unix, epoch_seconds } = world.deployment;
  const left = (epoch) => (genesis_unix + (epoch + 1) * epoch_seconds) * 1_000 - Date.now();
  // On a machine that is too slow for the first, the next.
  const epoch = await until('an epoch to tell of', (epoch_seconds + 60) * 1_000, async () => {
    const running = Number((await data(world.base, '/deployment')).running_epoch);
    return left(running) > NEEDED_MS && running;
  });
  Object.assign(world, { epoch: String(epoch), endMs: Date.now() + left(epoch) });
  return `epoch ${epoch} ends in ${Math.round(left(epoch) / 1000)} s`;
}

/** A first visit: what has to be transferred until the page is there. */
export async function firstLoad(world) {
  const context = await world.browse();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  let bytes = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await session.send('Network.enable');
  await go(page, world, '#/');
  await settled(page);
  await context.close();
  assert.ok(bytes > 10_000, `only ${bytes} bytes were counted`);
  assert.ok(bytes < FIRST_LOAD, `the first load is ${bytes} bytes`);
  return `${bytes} bytes transferred`;
}

/** A batch of which one byte was flipped is refused, and nothing of it counts. */
export async function flippedBatch(world) {
  const now = Date.now();
  const answer = await world.sfu.postFlipped(now - TICK_MS, now);
  assert.equal(answer.answer, 'bad_signature', JSON.stringify(answer));
  assert.equal(answer.acknowledgement, undefined);
  return `answered ${answer.answer}`;
}

/** A batch every tick; each time the page shows within five seconds what it has come to, to the base unit. */
export async function estimateFollows(world) {
  const { epoch, sfu } = world;
  await go(world.page, world, '#/');
  const running = world.page.getByRole('region', { name: `Epoch ${epoch}, running` });
  await running.waitFor();
  const took = [];
  let from = Date.now() - TICK_MS;
  for (let tick = 1; tick <= WATCHED; tick += 1) {
    await sleep(Math.max(0, from + TICK_MS - Date.now()));
    const [to, before] = [Date.now(), await exactly(running, 'Estimated pool of the running epoch')];
    assert.ok(to < world.endMs, 'the epoch ended before its estimate was watched: it began too late');
    const { heldAt } = await sfu.post(epoch, from, to);
    from = to;
    const pool = poolOf(sfu.bytesOf(epoch));
    await figure(running, 'Estimated pool of the running epoch')
      .and(world.page.getByTitle(` = ${grouped(pool)} base units`))
      .waitFor({ timeout: ON_THE_PAGE_MS + 1_000 });
    const milliseconds = performance.now() - heldAt;
    assert.ok(milliseconds < ON_THE_PAGE_MS, `tick ${tick} was on the page after ${milliseconds} ms`);
    assert.notEqual(before, pool.toString());
    assert.equal(await exactly(running, 'Batches that count so far'), String(tick), 'the refused batch does not count');
    assert.equal(await exactly(running, 'Accepted bytes so far'), String(sfu.bytesOf(epoch)));
    took.push(Math.round(milliseconds));
  }
  world.lastWindowEnd = from;
  return `on the page after ${took.join(', ')} ms`;
}

/** Every page in both themes and on a phone: axe, width. The SFU goes on, a batch every tick, until the epoch is over. */
export async function everyPage(world) {
  const looking = new AbortController();
  const ticks = goOn(world, looking.signal);
  // Awaited below; until then a failure of it is nobody's.
  ticks.catch(() => looking.abort());
  const visited = await pages(world.base);
  const found = [];
  try {
    for (const [size, viewport] of Object.entries(WIDTHS)) {
      for (const colorScheme of ['light', 'dark']) found.push(...(await look(world, visited, `${size}, ${colorScheme}`, { viewport, colorScheme })));
    }
  } finally {
    looking.abort();
  }
  const posted = await ticks;
  assert.deepEqual(found, [], found.join('\n'));
  return `${visited.length} pages, 2 widths, 2 themes; ${posted} batches meanwhile`;
}

/** Posts a batch every tick until it is told to end, or the epoch does; how many. */
async function goOn(world, signal) {
  let posted = 0;
  for (let from = world.lastWindowEnd; !signal.aborted; posted += 1) {
    await sleep(Math.max(0, from + TICK_MS - Date.now()));
    const to = Date.now();
    if (to >= world.endMs) break;
    await world.sfu.post(world.epoch, from, to);
    from = to;
  }
  return posted;
}

/** What is amiss on the pages in one kind of window. */
async function look(world, visited, kind, options) {
  const context = await world.browse({ ...options, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const found = [];
  for (const { name, fragment } of visited) {
    await go(page, world, fragment);
    await settled(page);
    found.push(...(await faults(page)).map((fault) => `${name}, ${kind}: ${fault}`));
    const wider = await excess(page);
    if (wider > 0) found.push(`${name}, ${kind}: ${wider} px wider than its window`);
  }
  await context.close();
  return found;
}

/** The epoch ends and is settled, as by cron; the open page shows it as posted and provisional. */
export async function settles(world) {
  const { epoch, page } = world;
  await go(page, world, '#/');
  const row = page.getByRole('region', { name: 'Recent epochs' }).getByRole('row').filter({ has: page.getByRole('rowheader', { name: epoch, exact: true }) });
  await page.getByRole('table', { name: 'Recent epochs and where they stand' }).waitFor();
  assert.equal(await row.count(), 0, 'nothing is known of the epoch before it is settled');
  // A validator on a busy machine is slow, and so is its clock.
  const patience = Math.max(0, world.endMs - Date.now()) + world.deployment.epoch_seconds * 1_000;
  await until('the end of the epoch by the clock of the chain', patience, async () => (await data(world.base, '/deployment')).running_epoch !== epoch);
  Object.assign(world.folders, await settle(world));
  assert.ok(world.folders[epoch], `the epoch is settled: ${JSON.stringify(world.folders)}`);
  const settledAt = performance.now();
  // What the chain holds and what is sealed here, which are known one after the other.
  await row.getByText('✓ the same').waitFor();
  const seconds = ((performance.now() - settledAt) / 1000).toFixed(1);
  assert.match(await row.innerText(), /\tposted\t.*provisional/s);
  assert.equal(await exactly(row, `Volume of epoch ${epoch}`), String(world.sfu.bytesOf(epoch)));
  const { commitment_on_chain } = await data(world.base, `/epochs/${epoch}`);
  world.account = epochAddress(world.deployment.program, epoch);
  assert.equal((await epochAccount(world, world.account)).commitment, commitment_on_chain);
  world.commitment = commitment_on_chain;
  return `provisional on the page ${seconds} s after the settlement`;
}

/** A contributor is found by the beginning of the DID and by the address, and is shown what payouts.csv says. */
export async function finds(world) {
  const { epoch, page } = world;
  const lines = payouts(world.folders[epoch]).filter(({ payee }) => payee !== '');
  const mine = lines[Math.floor(lines.length / 2)];
  const search = async (text) => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Contributors' }).click();
    await page.getByRole('heading', { level: 1, name: 'Contributors' }).waitFor();
    await page.getByRole('search').getByLabel('DID, its beginning, or the address that is paid').fill(text);
    await page.getByRole('search').getByRole('button', { name: 'Search' }).click();
    const found = page.getByRole('table', { name: `Contributors found for ${text}` }).getByRole('row').filter({ has: page.getByTitle(mine.did, { exact: true }) });
    await found.waitFor();
    return found;
  };
  await search(mine.did.slice(0, 16));
  const found = await search(mine.payee);
  await found.getByRole('link').click();
  await page.getByRole('heading', { level: 1, name: /^Contributor did:key:/ }).waitFor();
  const arithmetic = page.getByRole('region', { name: `Arithmetic of epoch ${epoch}` });
  await figure(arithmetic, `Amount in epoch ${epoch}`).waitFor();
  assert.equal(await exactly(arithmetic, `Amount in epoch ${epoch}`), mine.amount_base_units);
  assert.equal(await exactly(arithmetic, 'Effective bytes'), mine.effective_bytes);
  const all = Object.values(world.folders).flatMap(payouts).filter(({ did }) => did === mine.did);
  const sum = all.reduce((sum, { amount_base_units }) => sum + BigInt(amount_base_units), 0n);
  assert.equal(await exactly(page.getByRole('region', { name: 'In all epochs' }), 'Payouts in all epochs'), sum.toString());
  world.mine = mine;
  return `${mine.did}: ${mine.amount_base_units} base units in epoch ${epoch}`;
}

/** The browser recomputes the epoch and agrees with the root that it reads from the validator's RPC by itself. */
export async function verifies(world) {
  const before = world.observer.accountsAsked(world.rpc, world.account);
  const { said, checks } = await verify(world.page);
  assert.match(said, /^✓ Verified\./, `${said}\n${checks.join('\n')}`);
  assert.equal(world.observer.accountsAsked(world.rpc, world.account), before + 1, 'the browser itself asked the validator for the account');
  const all = checks.join('\n');
  assert.ok(all.includes(world.commitment), `the commitment of the chain is shown: ${all}`);
  assert.ok(all.includes(`Leaf ${world.mine.index} pays`), all);
  assert.match(all, /payouts\.csv, compared leaf by leaf/);
  assert.doesNotMatch(all, /: (failed|left out|running)/);
  return said;
}

/** A node that answers another statement, with the commitment that fits it: the page says that the chain differs. */
export async function otherChain(world) {
  const other = await startOtherChain(world.rpc);
  world.observer.allow(other.url);
  try {
    const section = world.page.getByRole('region', { name: 'Verify in this browser' });
    await section.getByLabel('RPC node').fill(other.url);
    const { said, difference } = await verify(world.page);
    assert.match(said, /^✗ Not verified\./, said);
    assert.equal(world.observer.accountsAsked(other.url, world.account), 1);
    assert.match(`${difference.Field}`, /inputs_hash/, JSON.stringify(difference));
    assert.equal(difference.In, 'chain');
    assert.notEqual(difference.Found, difference.Recomputed);
    await section.getByRole('button', { name: `Use ${world.rpc}` }).click();
    return said;
  } finally {
    other.stop();
  }
}

/** One amount of the served payouts.csv is changed on the disk: the page names the leaf, the DID and the field. */
export async function corruptLeaf(world) {
  const { mine } = world;
  const last = Number(mine.amount_base_units.at(-1));
  const wrong = `${mine.amount_base_units.slice(0, -1)}${(last + 1) % 10}`;
  const said = await corrupted(world, join(world.folders[world.epoch], 'payouts.csv'), (text) =>
    text.replace(new RegExp(`^(${mine.index},${mine.did},.*,)${mine.amount_base_units},`, 'm'), `$1${wrong},`),
  );
  const { difference } = said;
  assert.deepEqual(
    [difference.Leaf, difference.DID, difference.Field, difference.Found, difference.Recomputed],
    [mine.index, mine.did, 'amount_base_units', wrong, mine.amount_base_units],
    JSON.stringify(said),
  );
  assert.match(difference.In, /^payouts\.csv, line \d+$/);
  assert.ok(said.said.includes(mine.did) && said.said.includes(`leaf ${mine.index}`), said.said);
  return said.said;
}

/** One byte of a served batch is flipped on the disk: the page refuses it and names the SFU and the number. */
export async function corruptBatch(world) {
  const folder = join(world.folders[world.epoch], 'batches');
  const [name] = readdirSync(folder).filter((name) => name.endsWith('.ndjson'));
  const said = await corrupted(world, join(folder, name), (text) => text.replace(/("bytesOut":\d\d)(\d)/, (_, before, digit) => `${before}${digit ^ 1}`));
  assert.equal(said.difference.SFU, world.sfu.did, JSON.stringify(said));
  assert.match(`${said.difference.Batch}`, /^\d+$/);
  assert.match(said.said, /signature/);
  return said.said;
}

/** What the page says of a file that was changed; then the file is as it was, and the page content again. */
async function corrupted(world, path, change) {
  const text = readFileSync(path, 'utf8');
  const changed = change(text);
  assert.ok(changed !== text && changed.length === text.length, `${path} is changed in place`);
  writeFileSync(path, changed);
  const found = await verify(world.page);
  writeFileSync(path, text);
  assert.match(found.said, /^✗ Not verified\./, found.said);
  const { said } = await verify(world.page);
  assert.match(said, /^✓ Verified\./, said);
  return found;
}

/** The pool of an epoch under its cap (section 7), in base units. */
function poolOf(bytes) {
  return (BigInt(bytes) * BigInt(demoParams().rate)) / 1_000_000n;
}

function grouped(value) {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ',');
}
