// Where the tests' inputs are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sdk = fileURLToPath(new URL('../..', import.meta.url));

/** A file of the SDK's folder. */
export function ofSdk(name: string): string {
  return readFileSync(join(sdk, name), 'utf8');
}

/** A file of the test vectors, which the crates and the program read too. */
export function vectors<Content>(name: string): Content {
  return JSON.parse(readFileSync(join(sdk, '../tests/vectors', name), 'utf8')) as Content;
}

/** The folder that `sdk_epochs` has written; `cargo xtask test --all` sets it. */
export function generatedFolder(): string {
  const folder = process.env['RADIO_PAYOUTS_SDK_EPOCHS'];
  if (folder === undefined) {
    throw new Error('RADIO_PAYOUTS_SDK_EPOCHS is not set: `cargo run --example sdk_epochs FOLDER` writes what it names');
  }
  return folder;
}

/** Lines of JSON that `sdk_epochs` has written. */
export function* generated<Line>(name: string): Generator<Line> {
  for (const line of readFileSync(join(generatedFolder(), name), 'utf8').split('\n')) {
    if (line !== '') yield JSON.parse(line) as Line;
  }
}

/** A file of the generated epoch's folder. */
export function published(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(generatedFolder(), 'folder', name)));
}
