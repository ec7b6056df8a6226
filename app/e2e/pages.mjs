// Visits every page of a running service in both themes and at two widths, runs axe on each, and takes pictures.
//
//   node e2e/pages.mjs http://127.0.0.1:8080 [--images ../docs/images] [--all /tmp/pictures]
//
// Ends with 1 and the list if a page has a serious or critical fault, does not fit its width, or logs an error. `--images` gets the pictures that are committed
// (every page in both themes, one of a phone), `--all` every picture.

import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch, shrink } from './browser.mjs';
import { WIDTHS, excess, faults, pages, settled } from './inspect.mjs';

const [base, ...rest] = process.argv.slice(2);
if (base === undefined) {
  console.error('usage: node e2e/pages.mjs BASE_URL [--images DIR] [--all DIR]');
  process.exit(2);
}
const option = (name) => {
  const at = rest.indexOf(name);
  return at < 0 ? undefined : rest[at + 1];
};
const [images, all] = [option('--images'), option('--all')];
for (const folder of [images, all]) if (folder !== undefined) mkdirSync(folder, { recursive: true });

/** Most bytes of a committed picture. */
const MOST = 150_000;

async function picture(page, path, fullPage) {
  await page.screenshot({ path, fullPage, animations: 'disabled' });
}

const browser = await launch();
const found = [];
const visited = await pages(base);
for (const theme of ['light', 'dark']) {
  for (const [size, viewport] of Object.entries(WIDTHS)) {
    const context = await browser.newContext({ viewport, colorScheme: theme, deviceScaleFactor: 1, reducedMotion: 'reduce' });
    for (const { name, fragment } of visited) {
      const page = await context.newPage();
      const where = `${name}, ${theme}, ${size}`;
      page.on('pageerror', (error) => found.push(`${where}: ${error.message}`));
      page.on('console', (message) => {
        // A question that the service refuses is shown on the page; the browser's own line about it is no fault.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) found.push(`${where}: console: ${message.text()}`);
      });
      try {
        await page.goto(new URL(fragment, base).href);
        await settled(page);
        for (const fault of await faults(page)) found.push(`${where}: ${fault}`);
        const wider = await excess(page);
        if (wider > 0) found.push(`${where}: the page is ${wider} px wider than its window`);
        if (all !== undefined) await picture(page, join(all, `${name}-${theme}-${size}.png`), true);
        if (images !== undefined && name !== 'no-such-page' && (size === 'desktop' || (name === 'overview' && theme === 'light'))) {
          const path = join(images, size === 'desktop' ? `${name}-${theme}.png` : `${name}-phone.png`);
          await picture(page, path, false);
          shrink(path);
          const bytes = statSync(path).size;
          if (bytes > MOST) found.push(`${path} has ${bytes} bytes, more than ${MOST}`);
        }
      } catch (error) {
        found.push(`${where}: ${error.message.split('\n')[0]}`);
      }
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
if (all !== undefined) writeFileSync(join(all, 'faults.txt'), found.join('\n'));
console.error(`${visited.length} pages, 2 themes, 2 widths: ${found.length} faults`);
for (const fault of found) console.log(fault);
process.exit(found.length === 0 ? 0 : 1);
