// What the story asks the service, the settler and the chain by itself, beside the browser.

import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { decodeEpochAccount } from '@mycelia/radio-payouts';

/** The data of an answer of the API. */
export async function data(base, path) {
  const response = await fetch(new URL(`/api/v1${path}`, base));
  assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
  return (await response.json()).data;
}

/** Asks until the answer is as wanted. */
export async function until(what, milliseconds, ask) {
  const end = performance.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    assert.ok(performance.now() < end, `${what}: not within ${milliseconds / 1000} s`);
    await sleep(200);
  }
}

/** Runs the settler in its folder, as cron would; what it printed. */
async function settler(world, ...words) {
  const { stdout } = await promisify(execFile)(world.settler, [...words, '--output', 'json'], { cwd: world.folder });
  return JSON.parse(stdout);
}

/** Runs `settler settle --due`; the folders of what it has settled and posted, from which the service serves files, by epoch. */
export async function settle(world) {
  const { settled } = await settler(world, 'settle', '--due');
  for (const { posted, standing } of settled) assert.deepEqual([posted, standing], [true, 'provisional'], JSON.stringify(settled));
  return Object.fromEntries(settled.map(({ epoch, folder }) => [String(epoch), resolve(world.folder, folder)]));
}

/** The lines of an epoch's payouts.csv, as the settler wrote it. */
export function payouts(folder) {
  const [head, ...lines] = readFileSync(join(folder, 'payouts.csv'), 'utf8').trimEnd().split('\n');
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, place) => [names[place], value])));
}

/** The `Epoch` account as the validator has it. */
export async function epochAccount(world, address) {
  const response = await fetch(world.rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getAccountInfo', params: [address, { encoding: 'base64', commitment: 'confirmed' }] }),
  });
  const { result } = await response.json();
  return decodeEpochAccount(new Uint8Array(Buffer.from(result.value.data[0], 'base64')));
}
