// Copies the logos that the catalogue names from simple-icons (CC0) to public/logos, and removes those it no longer names.
// Run it after adding an integration with an `icon`: node style/logos.mjs
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const style = dirname(fileURLToPath(import.meta.url));
const catalogue = join(style, "../integrations");
const target = join(style, "../public/logos");
const source = join(style, "node_modules/simple-icons/icons");

const wanted = new Set();
for (const file of readdirSync(catalogue).filter((name) => name.endsWith(".toml"))) {
  const icon = readFileSync(join(catalogue, file), "utf8").match(/^icon = "([a-z0-9]+)"$/m)?.[1];
  if (icon && !existsSync(join(source, `${icon}.svg`))) throw new Error(`${file}: simple-icons has no ${icon}`);
  if (icon) wanted.add(`${icon}.svg`);
}
mkdirSync(target, { recursive: true });
for (const old of readdirSync(target).filter((name) => !wanted.has(name))) rmSync(join(target, old));
for (const name of wanted) copyFileSync(join(source, name), join(target, name));
console.log(`${wanted.size} logos in public/logos`);
