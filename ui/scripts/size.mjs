// The first load must stay small: what index.html names, and what that imports at once.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT_BYTES = 150_000;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

const files = new Set(['index.html']);
const add = (key) => {
  const { file, css = [], imports = [] } = manifest[key];
  if (files.has(file)) return;
  [file, ...css].forEach((name) => files.add(name));
  imports.forEach(add);
};
add('index.html');
// The page that most people open first comes with it.
add('src/features/dags/dags-page.tsx');

let total = 0;
for (const name of files) total += gzipSync(readFileSync(new URL(name, dist))).length;
console.log(
  `first load: ${(total / 1000).toFixed(1)} kB gzip of ${LIMIT_BYTES / 1000} (${files.size} files)`,
);
if (total > LIMIT_BYTES) {
  console.error('The first load is too big. Load what it does not need at once with lazy().');
  process.exit(1);
}
