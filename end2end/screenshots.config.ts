import config from './playwright.config.ts';

// The world of the journeys; what is made there are pictures, into the folder named by PICTURES.
export default { ...config, testDir: 'pictures', testMatch: '*.ts', timeout: 120_000, projects: [{ name: 'pictures', use: { javaScriptEnabled: true } }] };
