// Compiles src/ to dist/. The compiler is this package's own, or in a checkout of Keyloom that of the end-to-end tests.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compilers = ['node_modules/.bin/tsc', '../../end2end/node_modules/.bin/tsc'].map((path) => `${root}${path}`);
const tsc = compilers.find((path) => existsSync(path));
if (!tsc) {
  console.error('no TypeScript compiler: npm install');
  process.exit(1);
}
// What a renamed source file left behind must not be published.
rmSync(`${root}dist`, { recursive: true, force: true });
process.exit(spawnSync(tsc, ['-p', root], { stdio: 'inherit' }).status ?? 1);
