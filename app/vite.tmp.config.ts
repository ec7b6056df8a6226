import base from './vite.config.ts';
import { mergeConfig } from 'vite';
export default mergeConfig(base, { resolve: { alias: { '@mycelia/radio-payouts': '/tmp/app-stub/index.js' } } });
