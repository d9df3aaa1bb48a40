// Lighthouse over the pages that people meet first: median of three, at least 95 in each category. Run by scripts/lighthouse, which
// starts the server and tells KEYLOOM_URL, KEYLOOM_COOKIE (of somebody who is signed in) and CONNECT_URL (of a hosted page).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import lighthouse, { desktopConfig } from 'lighthouse';

const LEAST = 95;
const ROUNDS = 3;
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const { KEYLOOM_URL, KEYLOOM_COOKIE, CONNECT_URL, CHROMIUM = '/usr/bin/chromium' } = process.env;

const PAGES = [
  ['login', `${KEYLOOM_URL}/login`, undefined],
  ['connections', `${KEYLOOM_URL}/connections`, KEYLOOM_COOKIE],
  ['create', `${KEYLOOM_URL}/connections/new`, KEYLOOM_COOKIE],
  ['connect', CONNECT_URL, undefined],
];

/** Chromium with a debugging port of its own choosing. */
async function chromium() {
  const profile = mkdtempSync(join(tmpdir(), 'keyloom-lighthouse-'));
  const child = spawn(CHROMIUM, ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await new Promise((found, failed) => {
    let said = '';
    child.once('exit', (code) => failed(new Error(`Chromium ended with ${code}`)));
    child.stderr.on('data', (text) => {
      said += text;
      const port = /ws:\/\/127\.0\.0\.1:(\d+)\//.exec(said)?.[1];
      if (port) found(Number(port));
    });
  });
  const close = async () => {
    child.removeAllListeners('exit');
    const ended = new Promise((done) => child.once('exit', done));
    child.kill();
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { port, close };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const rows = [];
const { port, close } = await chromium();
try {
  for (const [name, url, cookie] of PAGES) {
    const scores = Object.fromEntries(CATEGORIES.map((category) => [category, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      const flags = { port, logLevel: 'error', onlyCategories: CATEGORIES, ...(cookie ? { extraHeaders: { Cookie: cookie } } : {}) };
      const { lhr } = await lighthouse(url, flags, desktopConfig);
      if (lhr.runtimeError) throw new Error(`${name}: ${lhr.runtimeError.message}`);
      for (const category of CATEGORIES) scores[category].push(Math.round(lhr.categories[category].score * 100));
      if (round === 0) {
        for (const audit of Object.values(lhr.audits)) if (audit.score === 0 && audit.scoreDisplayMode === 'binary') console.error(`${name}: ${audit.title}`);
      }
    }
    rows.push({ page: name, ...Object.fromEntries(CATEGORIES.map((category) => [category, median(scores[category])])) });
  }
} finally {
  await close();
}
console.table(rows);
const under = rows.filter((row) => CATEGORIES.some((category) => row[category] < LEAST));
if (under.length > 0) {
  console.error(`under ${LEAST}: ${under.map((row) => row.page).join(', ')}`);
  process.exitCode = 1;
}
