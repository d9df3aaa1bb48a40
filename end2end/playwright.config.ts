import { defineConfig } from '@playwright/test';

const needsScript = '**/*.hydrate.spec.ts';

export default defineConfig({
  testDir: 'tests',
  // The machine that runs this also compiles: servers and browsers are shared by the specs of a worker.
  workers: Number(process.env.E2E_WORKERS ?? 1),
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  globalTimeout: 30 * 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  globalSetup: './fixtures/global-setup.ts',
  globalTeardown: './fixtures/global-teardown.ts',
  use: {
    actionTimeout: 10_000,
    navigationTimeout: 15_000,
    // The entrance of the card would be half transparent when its contrast is measured.
    contextOptions: { reducedMotion: 'reduce' },
    trace: 'off',
  },
  projects: [
    { name: 'js-on', use: { javaScriptEnabled: true } },
    { name: 'js-off', use: { javaScriptEnabled: false }, testIgnore: needsScript },
  ],
});
