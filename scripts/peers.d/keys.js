'use strict';
/*
 * Make the key pairs of a hospital's clients: node keys.js DIR writes DIR/<client>.jwk, readable by the owner only.
 * Keys that are there already stay.
 */
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const WANTED = [
  { client: 'casement', alg: 'ES384', type: 'ec', options: { namedCurve: 'P-384' } },
  { client: 'casement-rs384', alg: 'RS384', type: 'rsa', options: { modulusLength: 2048 } },
  { client: 'loader', alg: 'ES384', type: 'ec', options: { namedCurve: 'P-384' } },
];

for (const { client, alg, type, options } of WANTED) {
  const file = path.join(process.argv[2], `${client}.jwk`);
  if (!fs.existsSync(file)) {
    const jwk = crypto.generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' });
    fs.writeFileSync(file, `${JSON.stringify({ ...jwk, kid: client, alg, use: 'sig' })}\n`, { mode: 0o600 });
  }
}
