#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write('reelstream is not built yet: run `node scripts/setup.mjs` (or `npm start`) first\n');
  process.exit(3);
}
await import(main.href);
