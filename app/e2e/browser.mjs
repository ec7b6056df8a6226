// A Chromium of the system, driven by playwright-core: nothing is downloaded.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Starts the browser; `CHROMIUM` names another one. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('no Chromium: install the package chromium, or name one with CHROMIUM');
  return chromium.launch({
    executablePath,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** Makes a picture smaller with pngquant, where that is installed: 256 colours are enough for a page of flat ones. */
export function shrink(path) {
  const { error } = spawnSync('pngquant', ['--force', '--skip-if-larger', '--ext', '.png', '--quality', '70-95', '--speed', '1', path]);
  if (error !== undefined) console.error(`${path} stays as it is: pngquant is not installed`);
}
