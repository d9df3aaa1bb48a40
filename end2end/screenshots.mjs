// Pictures of every page in every state, at two widths, light and dark, to be looked at by a person:
//   node end2end/screenshots.mjs FOLDER [words of titles]
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

const [folder, ...filter] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node end2end/screenshots.mjs FOLDER [words of titles]');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const playwright = resolve(here, 'node_modules/.bin/playwright');
const { status } = spawnSync(playwright, ['test', '-c', 'screenshots.config.ts', ...filter], {
  cwd: here,
  stdio: 'inherit',
  env: { ...process.env, PICTURES: resolve(folder) },
});
process.exit(status ?? 1);
