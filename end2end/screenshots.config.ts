import config from './playwright.config.ts';

// The world of the journeys; what is made there are pictures, into the folder named by PICTURES.
const testDir = process.env.PICTURES_OF === 'docs' ? 'pictures-docs' : 'pictures';
export default { ...config, testDir, testMatch: '*.ts', timeout: 120_000, projects: [{ name: 'pictures', use: { javaScriptEnabled: true } }] };
