// Writes src/generated/api.ts, the schemas of docs/openapi.json as types.
//   --check  writes nothing, and fails where the file is not what would be written
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const [document, target] = [path('../../../docs/openapi.json'), path('../src/generated/api.ts')];
const check = process.argv.includes('--check');
if (!existsSync(document)) {
  if (!check) throw new Error(`${document} is missing`);
  console.warn('There is no docs/openapi.json: the types were not compared with it.');
  process.exit(0);
}
// The methods are written by hand: only what they take and answer is generated.
const { paths: _, ...rest } = JSON.parse(readFileSync(document, 'utf8'));
const types = astToString(await openapiTS({ ...rest, paths: {} }, { alphabetize: true, emptyObjectsUnknown: true }));
const text = `// Generated from docs/openapi.json by scripts/generate-types.mjs. Do not edit.\n\n${types}`;
if (!check) {
  mkdirSync(path('../src/generated'), { recursive: true });
  writeFileSync(target, text);
} else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
  throw new Error('src/generated/api.ts is not what docs/openapi.json gives: npm run generate-types');
}
