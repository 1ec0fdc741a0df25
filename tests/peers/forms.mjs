// What others read of queries and forms: qs, which Node's servers use, and PHP's own rules, as locutus has them.
//
//   node forms.mjs PART < [{"by": "qs" | "php", "options": {…}, "text": "a[b]=1"}]  → [value, …]
//
//   PART  the folder that install.sh put soap into, beside which qs and locutus stand

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { readFileSync } from 'node:fs';

const require = createRequire(join(resolve(process.argv[2]), 'node_modules', 'x.js'));
const qs = require('qs');
const parseStr = require('locutus/php/strings/parse_str').parse_str ?? require('locutus/php/strings/parse_str');

function read({ by, options, text }) {
  if (by === 'qs') {
    return qs.parse(text, options);
  }
  const read = {};
  parseStr(text, read);
  return read;
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(read)));
