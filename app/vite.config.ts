import { readFileSync } from 'node:fs';
import { defineConfig } from 'vite';
import { compress } from './build/compress.ts';
import { trimIdl } from './build/idl.ts';

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { version: string };
/** The service that a page under development asks. */
const service = process.env['RADIO_PAYOUTS_SERVICE'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: './',
  define: { __APP_VERSION__: JSON.stringify(version) },
  plugins: [trimIdl(), compress()],
  server: { host: '127.0.0.1', fs: { allow: ['..'] }, proxy: { '/api': { target: service, changeOrigin: true } } },
  worker: { format: 'es', plugins: () => [trimIdl()] },
  build: { target: 'es2022', sourcemap: false, assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
});
