// Chromium as people have it: Playwright's own switches turn storage partitioning and the popup blocker off, so none is used.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playwright } from './harness.mjs';

const SWITCHES = [
  '--headless=new', '--remote-debugging-pipe', '--no-startup-window', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--no-default-browser-check', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
  '--disable-extensions', '--disable-breakpad', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding',
  '--disable-background-timer-throttling', '--hide-scrollbars', '--mute-audio', '--password-store=basic', '--use-mock-keychain',
  '--disable-features=OptimizationHints,MediaRouter',
];

export async function launch() {
  const profile = mkdtempSync(join(tmpdir(), 'keyloom-sdk-profile-'));
  const browser = await playwright().chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    ignoreDefaultArgs: true,
    args: [...SWITCHES, `--user-data-dir=${profile}`],
    timeout: 30_000,
  });
  const stop = async () => {
    await browser.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  return { browser, stop };
}

/** A person at the provider's pages: signs in where it asks, stops at the question. */
export async function reachConsent(popup, login = 'alice') {
  await popup.waitForURL(/provider\.localhost/);
  const name = popup.locator('input[name=login]');
  if (await name.isVisible()) {
    await name.fill(login);
    await popup.locator('input[name=password]').fill('any');
    await popup.locator('button[type=submit]').click();
  }
  await popup.getByRole('link', { name: /cancel|abort/i }).waitFor();
}

export async function consent(popup, login) {
  await reachConsent(popup, login);
  await popup.locator('button[type=submit]').click();
}

export async function deny(popup, login) {
  await reachConsent(popup, login);
  await popup.getByRole('link', { name: /cancel|abort/i }).click();
}
