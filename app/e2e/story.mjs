// The story of the dashboard, end to end in a real browser, over a real service and a real validator:
//
//   batches are posted every tick and the estimate follows; the epoch is settled and turns provisional; a contributor is found,
//   and verifies in this browser against the validator's RPC; then what is served is corrupted, and the page says where.
//
// `cargo xtask test --all` runs it (tests/tests/dashboard.rs), with everything in the environment:
//
//   STORY_BASE      address of `settler serve`
//   STORY_RPC       address of the validator's RPC
//   STORY_SFU_KEY   key file of a registered SFU
//   STORY_FOLDER    the settler's folder: settler.toml and the data that the service serves
//   STORY_SETTLER   the binary `settler`
//   STORY_REPORT    folder for pictures and a trace of a run that fails
//   CHROMIUM        the browser, if it is not where distributions put it

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from './browser.mjs';
import { Observer } from './story/observer.mjs';
import { data } from './story/service.mjs';
import { Sfu } from './story/sfu.mjs';
import * as steps from './story/steps.mjs';

const DESKTOP = { viewport: { width: 1280, height: 1000 }, colorScheme: 'light' };
/** Longest time for one thing to appear on a page, in milliseconds. */
const PATIENCE_MS = 30_000;

const STORY = [
  steps.earlier,
  steps.firstLoad,
  steps.begins,
  steps.flippedBatch,
  steps.estimateFollows,
  steps.everyPage,
  steps.settles,
  steps.finds,
  steps.verifies,
  steps.otherChain,
  steps.corruptLeaf,
  steps.corruptBatch,
];

function given(name) {
  const value = process.env[name];
  if (value === undefined || value === '') {
    console.error(`${name} is not set: \`cargo xtask test --all -- dashboard\` runs the story`);
    process.exit(2);
  }
  return value;
}

/** Everything that steps share. */
async function prepare(browser) {
  const [base, rpc] = [given('STORY_BASE'), given('STORY_RPC')];
  const observer = new Observer([base, rpc]);
  const deployment = await data(base, '/deployment');
  const browse = async (options = {}) => {
    const context = await browser.newContext({ ...DESKTOP, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    observer.watch(context);
    return context;
  };
  const context = await browse();
  await context.tracing.start({ screenshots: true, snapshots: true });
  return {
    base,
    rpc,
    folder: given('STORY_FOLDER'),
    settler: given('STORY_SETTLER'),
    observer,
    deployment,
    browse,
    context,
    page: await context.newPage(),
    sfu: new Sfu({ base, keyFile: given('STORY_SFU_KEY'), domain: deployment.domain }),
  };
}

/** Pictures of every open page and the trace; where they are. */
async function report(browser, world) {
  const folder = given('STORY_REPORT');
  mkdirSync(folder, { recursive: true });
  const left = [];
  for (const [place, page] of browser.contexts().flatMap((context) => context.pages()).entries()) {
    const path = join(folder, `page-${place}.png`);
    if (await page.screenshot({ path, fullPage: true }).then(() => true, () => false)) left.push(path);
  }
  const trace = join(folder, 'trace.zip');
  if (await world?.context.tracing.stop({ path: trace }).then(() => true, () => false)) left.push(trace);
  return left.join('\n  ');
}

const browser = await launch();
let world;
let step;
try {
  world = await prepare(browser);
  for (step of STORY) {
    const started = performance.now();
    const found = await step(world);
    world.observer.check();
    console.error(`${step.name}: ${found} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  }
  console.error(`requests of the browser by host: ${JSON.stringify(world.observer.hosts)}`);
  await world.context.tracing.stop();
} catch (error) {
  console.error(`the story failed in ${step?.name ?? 'its preparation'}: ${error.stack ?? error}`);
  console.error(`what it left behind:\n  ${await report(browser, world)}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
