// Bundles the TypeScript side and the WebAssembly module into dist/, and measures it. `cargo xtask build-sdk` calls it.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deflateRawSync, gzipSync } from 'node:zlib';

/** What a page may have to load, in bytes after gzip. */
const BUDGET = 400 * 1024;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Puts the WebAssembly module into the bundle as text: deflated, then in base64. The other order would not compress. */
const compressed = {
  name: 'compressed',
  setup: (build) =>
    build.onLoad({ filter: /\.wasm$/ }, ({ path }) => ({
      contents: deflateRawSync(readFileSync(path), { level: 9 }).toString('base64'),
      loader: 'text',
    })),
};

function measure() {
  if (!existsSync(here('dist/index.js'))) {
    console.error('sdk: dist/index.js is not there: run `cargo xtask build-sdk`');
    process.exit(1);
  }
  const bundle = readFileSync(here('dist/index.js'));
  const size = gzipSync(bundle, { level: 9 }).length;
  console.error(`sdk: dist/index.js has ${bundle.length} bytes, ${size} after gzip, of ${BUDGET} allowed`);
  if (size > BUDGET) {
    console.error('sdk: the size budget is exceeded');
    process.exit(1);
  }
}

if (!process.argv.includes('--check-only')) {
  const { build } = await import('esbuild');
  rmSync(here('dist'), { recursive: true, force: true });
  execFileSync(process.execPath, [here('node_modules/typescript/bin/tsc'), '--project', here('tsconfig.json')], {
    stdio: 'inherit',
  });
  // Nothing of the surface speaks of these.
  for (const inner of ['core', 'history']) rmSync(here(`dist/${inner}.d.ts`));
  await build({
    entryPoints: [here('typescript/index.ts')],
    outfile: here('dist/index.js'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['browser'],
    target: 'es2022',
    plugins: [compressed],
    minify: true,
    legalComments: 'none',
    banner: { js: '/* @mycelia/radio-payouts, Apache-2.0; contains hyparquet, fflate and fzstd, MIT */' },
    logLevel: 'warning',
  });
  copyFileSync(here('../LICENSE'), here('LICENSE'));
  const licences = ['hyparquet', 'fflate', 'fzstd'].map((name) => `## ${name}\n\n${readFileSync(here(`node_modules/${name}/LICENSE`), 'utf8')}`);
  writeFileSync(here('dist/THIRD-PARTY.md'), `# Licences of what the bundle contains\n\n${licences.join('\n')}`);
}
measure();
