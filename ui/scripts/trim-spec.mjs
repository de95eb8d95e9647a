// Makes src/api/openapi.json: the upstream operations that we call, and our own.
//
//   node scripts/trim-spec.mjs <upstream openapi-rest-v2.json>
import { readFileSync, writeFileSync } from 'node:fs';

const USED = [
  'GET /dags/{dag_id}',
  'PATCH /dags/{dag_id}',
  'GET /dags/{dag_id}/details',
  'GET /dags/{dag_id}/tasks',
  'GET /dags/{dag_id}/dagRuns',
  'POST /dags/{dag_id}/dagRuns',
  'GET /dags/{dag_id}/dagRuns/{dag_run_id}',
  'PATCH /dags/{dag_id}/dagRuns/{dag_run_id}',
  'POST /dags/{dag_id}/clearTaskInstances',
  'GET /dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances',
  'GET /dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}',
  'PATCH /dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}',
  'GET /dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries',
  'GET /dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails',
  'GET /dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails',
  'PATCH /dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails',
  'GET /dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries',
  'GET /dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}',
  'GET /importErrors',
  'GET /eventLogs',
  'GET /dagTags',
  'GET /version',
  'GET /dagSources/{dag_id}',
  'GET /dags/{dag_id}/dagVersions',
  'GET /dagWarnings',
  'GET /dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/links',
];
const upstream = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const ours = JSON.parse(readFileSync(new URL('../src/api/orrery.json', import.meta.url), 'utf8'));

const paths = {};
for (const operation of USED) {
  const [method, path] = operation.toLowerCase().split(' ');
  const key = Object.keys(upstream.paths).find((p) => p.toLowerCase() === `/api/v2${path}`);
  const { parameters = [], requestBody, responses, operationId } = upstream.paths[key][method];
  const ok = {};
  for (const [status, { description, content }] of Object.entries(responses)) {
    const json = content?.['application/json'];
    if (status < '300') ok[status] = { description, content: { 'application/json': json } };
  }
  paths[key] ??= {};
  paths[key][method] = { operationId, parameters, requestBody, responses: ok };
}
Object.assign(paths, ours.paths);

// What the kept operations refer to, and what that refers to.
const all = { ...upstream.components.schemas, ...ours.components.schemas };
const schemas = {};
const collect = (value) => {
  for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (schemas[name]) continue;
    schemas[name] = all[name];
    collect(all[name]);
  }
};
collect(paths);

const plain = (key, value) => (key === 'title' && typeof value === 'string' ? undefined : value);
const spec = { openapi: '3.1.0', info: ours.info, paths, components: { schemas } };
const target = new URL('../src/api/openapi.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(spec, plain, 1)}\n`);
console.log(`${Object.keys(paths).length} paths, ${Object.keys(schemas).length} schemas`);
