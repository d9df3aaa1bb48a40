// Compiles src/ to dist/, and holds the part for browsers to its size.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const LIMIT = 5_000;
const root = fileURLToPath(new URL('..', import.meta.url));
// What a renamed source file left behind must not be published.
rmSync(`${root}dist`, { recursive: true, force: true });
const { status, error } = spawnSync(`${root}node_modules/.bin/tsc`, ['-p', root], { stdio: 'inherit' });
if (error) throw new Error('no TypeScript compiler: npm install', { cause: error });
if (status !== 0) process.exit(status ?? 1);

const code = readFileSync(`${root}dist/browser.js`);
const size = gzipSync(code, { level: 9 }).length;
if (/^import /m.test(code)) throw new Error('dist/browser.js imports something: a page loads this one file');
if (size > LIMIT) throw new Error(`dist/browser.js has ${size} bytes compressed, more than ${LIMIT}`);
console.log(`dist/browser.js: ${size} bytes compressed (limit ${LIMIT})`);
