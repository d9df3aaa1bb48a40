// Pictures of every page in every state, at two widths, light and dark, to be looked at by a person:
//   node end2end/screenshots.mjs FOLDER [words of titles]
// Those that README and docs show, made anew:
//   node end2end/screenshots.mjs --docs
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const [first, ...filter] = process.argv.slice(2);
if (!first) {
  console.error('usage: node end2end/screenshots.mjs FOLDER [words of titles] | --docs');
  process.exit(2);
}
const folder = first === '--docs' ? resolve(here, '../docs/pictures') : resolve(first);
mkdirSync(folder, { recursive: true });
const playwright = resolve(here, 'node_modules/.bin/playwright');
const { status } = spawnSync(playwright, ['test', '-c', 'screenshots.config.ts', ...filter], {
  cwd: here,
  stdio: 'inherit',
  env: { ...process.env, PICTURES: folder, PICTURES_OF: first === '--docs' ? 'docs' : 'all' },
});
process.exit(status ?? 1);
