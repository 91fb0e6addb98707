// Prints what the built page weighs, and fails above the budget.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const budget = 60 * 1024;
const root = new URL('../dist/', import.meta.url);
let sum = 0;
for (const name of readdirSync(root, { recursive: true })) {
  const path = new URL(name, root);
  if (!statSync(path).isFile()) continue;
  const data = readFileSync(path);
  const packed = gzipSync(data, { level: 9 }).length;
  sum += packed;
  console.log(`${String(data.length).padStart(8)} ${String(packed).padStart(7)} gz  ${name}`);
}
console.log(`${String(sum).padStart(16)} gz  of ${budget}`);
process.exit(sum <= budget ? 0 : 1);
