// Runs every example of README.md as it stands, and compares what it prints with what it says it prints.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { epochAddress } from '@mycelia/radio-payouts';
import typescript from 'typescript';

import { generatedFolder, ofSdk, published } from './files.js';

const sdk = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** Blocks of code, and the lines that each says it prints. */
const examples = [...ofSdk('README.md').matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, source]) => ({
  source: source!,
  printed: [...source!.matchAll(/^\/\/ → (.*)$/gm)].map(([, line]) => line!),
}));

/** Where examples run: the package is found from there, and the files that they read are there. */
const place = mkdtempSync(join(sdk, 'build', 'readme-'));
after(() => rmSync(place, { recursive: true, force: true }));
const text = (name: string) => new TextDecoder().decode(published(name));
const epoch = (JSON.parse(text('proof.json')) as { statement: { epoch: string } }).statement.epoch;
cpSync(join(generatedFolder(), 'folder'), place, { recursive: true });

/** The program's address in base58: that of the key's DID. */
function programId(): string {
  const { deployment } = JSON.parse(text('proof.json')) as { deployment: { program_id: string } };
  return base58(Buffer.from(deployment.program_id, 'hex'));
}

function base58(bytes: Uint8Array): string {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let [number, text] = [BigInt(`0x${Buffer.from(bytes).toString('hex')}`), ''];
  for (; number > 0n; number /= 58n) text = alphabet[Number(number % 58n)] + text;
  return text.padStart(text.length + bytes.findIndex((byte) => byte !== 0), '1');
}

/** Answers `getAccountInfo` with the account that the program would hold: bytes of its own struct. */
async function chain() {
  const address = epochAddress(programId(), epoch);
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method, params } = JSON.parse(body) as { method: string; params: [string] };
      const known = method === 'getAccountInfo' && params[0] === address;
      const value = known ? { owner: programId(), data: [text('account.base64'), 'base64'] } : null;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { value } }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Time that runs at once: after the example has set its timers, two periods of five seconds pass. */
const TIME = `
import { mock } from 'node:test';
const is18 = process.versions.node.startsWith('18.');
mock.timers.enable(is18 ? ['setInterval'] : { apis: ['setInterval'] });
globalThis.afterwards = () => { mock.timers.tick(5_000); mock.timers.tick(5_000); mock.timers.reset(); };
`;

test('the README has examples, and each says what it prints', () => {
  assert.ok(examples.length >= 7, `${examples.length}`);
  for (const { source, printed } of examples) assert.ok(printed.length > 0, source);
});

test('every example passes the type checker', () => {
  const folder = join(place, 'types');
  mkdirSync(folder);
  const names = examples.map(({ source }, number) => {
    const name = join(folder, `${number}.mts`);
    writeFileSync(name, source);
    return name;
  });
  const program = typescript.createProgram(names, {
    target: typescript.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    module: typescript.ModuleKind.NodeNext,
    moduleResolution: typescript.ModuleResolutionKind.NodeNext,
    types: ['node'],
    typeRoots: [join(sdk, 'node_modules/@types')],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  });
  const found = typescript.getPreEmitDiagnostics(program).map((diagnostic) => {
    return `${diagnostic.file?.fileName}: ${typescript.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`;
  });
  assert.deepEqual(found, []);
});

test('every example prints what it says', async () => {
  const { server, url } = await chain();
  try {
    for (const [number, { source, printed }] of examples.entries()) {
      const { outputText } = typescript.transpileModule(source, {
        compilerOptions: { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext },
      });
      const usesTimers = source.includes('setInterval(');
      writeFileSync(join(place, 'time.mjs'), usesTimers ? TIME : 'globalThis.afterwards = () => {};');
      writeFileSync(join(place, `example${number}.mjs`), outputText);
      writeFileSync(
        join(place, 'start.mjs'),
        `import './time.mjs';\nimport { webcrypto } from 'node:crypto';\nglobalThis.crypto ??= webcrypto;\n` +
          `await import('./example${number}.mjs');\nglobalThis.afterwards();\n`,
      );
      const { stdout } = await run(process.execPath, ['start.mjs'], {
        cwd: place,
        env: { ...process.env, NODE_TEST_CONTEXT: undefined, RPC: url, PROGRAM_ID: programId() },
      });
      assert.deepEqual(stdout.trimEnd().split('\n'), printed, source);
    }
  } finally {
    server.close();
  }
});
