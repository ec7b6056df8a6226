// Every built file also compressed, so that the service sends what is ready; and the limit of the first load.

import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Plugin, ResolvedConfig } from 'vite';

/** Most bytes of the first load, with brotli. */
const FIRST_LOAD = 1_000_000;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Writes `*.br` and `*.gz` beside the built files, and fails the build if the first load is too large. */
export function compress(): Plugin {
  let config: ResolvedConfig;
  let first: string[] = [];
  return {
    name: 'compress',
    apply: 'build',
    configResolved(resolved) {
      config = resolved;
    },
    generateBundle(_options, bundle) {
      const entries = Object.values(bundle).filter((chunk) => chunk.type === 'chunk' && chunk.isEntry);
      const reached = new Set<string>();
      const reach = (name: string): void => {
        const chunk = bundle[name];
        if (chunk === undefined || reached.has(name)) return;
        reached.add(name);
        if (chunk.type !== 'chunk') return;
        chunk.imports.forEach(reach);
        chunk.viteMetadata?.importedCss.forEach((css) => reached.add(css));
      };
      entries.forEach((entry) => reach(entry.fileName));
      first = ['index.html', ...reached];
    },
    closeBundle() {
      const folder = join(config.root, config.build.outDir);
      let [all, initial] = [0, 0];
      for (const path of filesBelow(folder)) {
        if (/\.(br|gz)$/.test(path)) continue;
        const content = readFileSync(path);
        const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
        writeFileSync(`${path}.br`, brotli);
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
        all += brotli.length;
        if (first.includes(relative(folder, path))) initial += brotli.length;
      }
      config.logger.info(`first load ${initial} bytes, everything ${all} bytes, compressed`);
      if (initial > FIRST_LOAD) throw new Error(`the first load has ${initial} bytes compressed: more than ${FIRST_LOAD}`);
    },
  };
}
