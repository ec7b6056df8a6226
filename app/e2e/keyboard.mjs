// The dashboard by keyboard: the skip link, the focus after navigation, a figure's exact value, the theme.
//
//   node e2e/keyboard.mjs http://127.0.0.1:8080

import { strict as assert } from 'node:assert';
import { launch } from './browser.mjs';

const [base] = process.argv.slice(2);
if (base === undefined) {
  console.error('usage: node e2e/keyboard.mjs BASE_URL');
  process.exit(2);
}

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme: 'light' });
const page = await context.newPage();
const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');

await page.goto(new URL('#/', base).href);
await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();

// The first stop is the skip link; it leads into the page and leaves the route alone.
await page.keyboard.press('Tab');
assert.equal(await focused(), 'Skip to the content');
await page.keyboard.press('Enter');
assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
assert.equal(new URL(page.url()).hash, '#/');

// Where one goes, the focus goes.
await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Epochs' }).press('Enter');
await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
assert.equal(await focused(), 'Epochs');
assert.equal(await page.title(), 'Epochs · Radio Payouts');

// A figure says its exact value and its source, and gives the focus back.
const figure = page.getByRole('button', { name: /Pool of epoch \d+: exact value and source/ }).first();
await figure.press('Enter');
const panel = page.getByRole('dialog', { name: /Pool of epoch/ });
await panel.waitFor();
assert.match(await panel.textContent(), /\d\.\d{9} BLOOM = [\d,]+ base units/);
assert.equal(await panel.getByRole('link').first().getAttribute('href'), '/api/v1/epochs?limit=50');
await panel.getByRole('button', { name: /Copy Pool of epoch/ }).waitFor();
await page.keyboard.press('Escape');
await panel.waitFor({ state: 'detached' });
assert.match(await focused(), /Pool of epoch \d+: exact value and source/);

// A theme that was chosen stays.
await page.getByRole('radio', { name: 'Dark' }).check({ force: true });
await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
await page.reload();
await page.getByRole('heading', { level: 1 }).waitFor();
assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');

await browser.close();
console.error('by keyboard: everything as it should be');
