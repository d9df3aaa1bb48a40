// Copies the logos that the catalogue names from simple-icons (CC0) to public/logos, in their own colours. The folder is made
// anew by each build and not kept in the repository.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';

const root = new URL('..', import.meta.url);
const icons = Object.values(await import('simple-icons'));
const out = new URL('public/logos/', root);
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const wanted = new Set();
for (const file of await readdir(new URL('integrations/', root))) {
  const icon = /^icon = "([a-z0-9]+)"/m.exec(await readFile(new URL(`integrations/${file}`, root), 'utf8'));
  if (icon) wanted.add(icon[1]);
}
for (const slug of wanted) {
  const icon = icons.find((one) => one?.slug === slug);
  if (!icon) throw new Error(`simple-icons has no logo ${slug}`);
  await writeFile(new URL(`${slug}.svg`, out), icon.svg.replace('<svg ', `<svg fill="#${icon.hex}" `));
}
