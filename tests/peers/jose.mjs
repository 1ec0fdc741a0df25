// What jose says of tokens: it makes the keys, and verifies what was signed with them.
//
//   node jose.mjs PART keys             → {ALG: {"private": PEM, "public": JWK}} for each algorithm
//   node jose.mjs PART verify < TOKENS  [{"token", "public", "algorithm", "now"}] → [{"header", "claims"} | {"error"}]
//
//   PART  the folder that install.sh put oidc-provider into, which brings jose along

import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';

const [part, what] = process.argv.slice(2);
const jose = await import(
  pathToFileURL(join(resolve(part), 'node_modules', 'jose/dist/webapi/index.js'))
);

async function keys() {
  const pairs = {};
  for (const algorithm of ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'EdDSA']) {
    const pair = await jose.generateKeyPair(algorithm, { extractable: true });
    pairs[algorithm] = {
      private: await jose.exportPKCS8(pair.privateKey),
      public: await jose.exportJWK(pair.publicKey),
    };
  }
  return pairs;
}

async function verify({ token, public: key, algorithm, now }) {
  try {
    const read = await jose.jwtVerify(token, await jose.importJWK(key, algorithm), {
      algorithms: [algorithm],
      currentDate: new Date(now * 1000),
    });
    return { header: read.protectedHeader, claims: read.payload };
  } catch (error) {
    return { error: error.code };
  }
}

const out =
  what === 'keys'
    ? await keys()
    : await Promise.all(JSON.parse(readFileSync(0, 'utf8')).map(verify));
console.log(JSON.stringify(out));
