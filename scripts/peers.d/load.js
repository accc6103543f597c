'use strict';
/*
 * Load NDJSON into a hospital through its front door, as batches of PUTs: ids stay, versionId and lastUpdated are the
 * server's. Files go in the order given and lines in theirs, so a second delivery makes second versions.
 *
 *      node load.js CONFIG.json FILE...       NODE_EXTRA_CA_CERTS names the hospital's CA
 *
 * A line that no FHIR server would take (no JSON, no type, no legal id) is left out and counted: the hospital of the
 * demo cannot hold what its server refuses.
 */
const crypto = require('node:crypto');
const fs = require('node:fs');
const readline = require('node:readline');
const zlib = require('node:zlib');
const { SignJWT, importJWK } = require('jose');

const [configFile, ...files] = process.argv.slice(2);
const config = JSON.parse(fs.readFileSync(configFile, 'utf8'));
const BATCH = 100;
const counts = { loaded: 0, skipped: 0, refused: 0 };
const token = { value: undefined, until: 0 };

async function assertion() {
  const jwk = JSON.parse(fs.readFileSync(config.loader_key, 'utf8'));
  return new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: jwk.alg, kid: jwk.kid, typ: 'JWT' })
    .setIssuer('loader').setSubject('loader').setAudience(`${config.public}/auth/token`)
    .setIssuedAt().setExpirationTime('1m').sign(await importJWK(jwk));
}

async function bearer() {
  if (Date.now() < token.until) {
    return token.value;
  }
  const response = await fetch(`${config.public}/auth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'system/*.cruds',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await assertion(),
    }),
  });
  if (!response.ok) {
    throw new Error(`no token: ${response.status} ${await response.text()}`);
  }
  const granted = await response.json();
  token.value = granted.access_token;
  token.until = Date.now() + granted.expires_in * 500; /* renew at half its life */
  return token.value;
}

async function send(batch) {
  if (batch.length === 0) {
    return;
  }
  const entry = batch.splice(0).map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  const response = await fetch(`${config.public}/fhir/R4`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/fhir+json', Authorization: `Bearer ${await bearer()}` },
    body: JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }),
  });
  if (!response.ok) {
    throw new Error(`batch refused: ${response.status} ${(await response.text()).slice(0, 300)}`);
  }
  for (const { response: one } of (await response.json()).entry) {
    counts[one.status.startsWith('2') ? 'loaded' : 'refused'] += 1;
  }
}

function read(line) {
  try {
    const { resourceType, id } = JSON.parse(line);
    return typeof resourceType === 'string' && /^[A-Za-z0-9.-]{1,64}$/.test(id) ? JSON.parse(line) : undefined;
  } catch {
    return undefined;
  }
}

async function loadFile(file, batch) {
  const raw = fs.createReadStream(file);
  const input = file.endsWith('.gz') ? raw.pipe(zlib.createGunzip()) : raw;
  for await (const line of readline.createInterface({ input, crlfDelay: Infinity })) {
    const resource = line.trim() && read(line);
    if (!resource) {
      counts.skipped += line.trim() ? 1 : 0;
      continue;
    }
    /* one batch may name a resource once only: its second version goes with the next */
    if (batch.length === BATCH || batch.some((r) => r.id === resource.id && r.resourceType === resource.resourceType)) {
      await send(batch);
    }
    batch.push(resource);
  }
}

async function main() {
  const batch = [];
  for (const file of files) {
    await loadFile(file, batch);
  }
  await send(batch);
  const left = `${counts.skipped} lines left out, ${counts.refused} refused by the server`;
  process.stdout.write(`${config.name}: ${counts.loaded} versions loaded, ${left}\n`);
}

main().catch((error) => {
  process.stderr.write(`peers: load ${config.name}: ${error.cause?.message ?? error.message}\n`);
  process.exit(69);
});
