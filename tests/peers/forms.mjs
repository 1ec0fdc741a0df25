// What others read of queries, forms and multipart bodies: qs, which Node's servers use; PHP's own rules, as locutus has them;
// openapi-enforcer, which reads the styles of OpenAPI's parameters; busboy, which takes multipart bodies apart.
//
//   node forms.mjs PART < [{"by": …, …}]  → [value, …]
//
//   PART  the folder that install.sh put soap into, beside which the others stand
//
//   {"by": "qs", "options": {…}, "text": "a[b]=1"}      {"by": "php", "text": "a[b]=1"}
//   {"by": "openapi", "parameters": [{…}], "text": "a=1%202"}
//   {"by": "busboy", "type": "multipart/form-data; boundary=x", "base64": "…"}  → [{"name", "filename"?, "type", "encoding", "base64" | "text"}]

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { readFileSync } from 'node:fs';

const require = createRequire(join(resolve(process.argv[2]), 'node_modules', 'x.js'));
const qs = require('qs');
const parseStr = require('locutus/php/strings/parse_str').parse_str ?? require('locutus/php/strings/parse_str');
const enforcer = require('openapi-enforcer');
const busboy = require('busboy');

const readers = {
  qs: ({ options, text }) => qs.parse(text, options),
  php: ({ text }) => {
    const read = {};
    parseStr(text, read);
    return read;
  },
  openapi: async ({ parameters, text }) => {
    const operation = { parameters, responses: { 200: { description: 'well' } } };
    const api = await enforcer({ openapi: '3.0.3', info: { title: 'Lists', version: '1' }, paths: { '/things': { get: operation } } });
    const [request, error] = api.request({ method: 'GET', path: `/things?${text}` });
    return error ? { error: String(error) } : request.query;
  },
  busboy: ({ type, base64 }) =>
    new Promise((done, failed) => {
      const parts = [];
      const reader = busboy({ headers: { 'content-type': type }, defParamCharset: 'utf8' });
      reader.on('field', (name, text, { encoding, mimeType }) => parts.push({ name, type: mimeType, encoding, text }));
      reader.on('file', (name, stream, { filename, encoding, mimeType }) => {
        const part = { name, filename, type: mimeType, encoding };
        const pieces = [];
        parts.push(part);
        stream.on('data', (piece) => pieces.push(piece));
        stream.on('close', () => (part.base64 = Buffer.concat(pieces).toString('base64')));
      });
      reader.on('error', failed);
      reader.on('close', () => done(parts));
      reader.end(Buffer.from(base64, 'base64'));
    }),
};

const read = [];
for (const asked of JSON.parse(readFileSync(0, 'utf8'))) {
  read.push(await readers[asked.by](asked));
}
process.stdout.write(JSON.stringify(read));
