// shared.js: what the JavaScript programs share: the tables of cases and how a thing is written down.
'use strict';
const fs = require('fs');
const path = require('path');

const read = (name) => fs.readFileSync(path.join(process.env.PGFEATHER_CASES, name), 'utf8');

exports.read = read;
exports.pairs = (name) => read(name).replace(/\n$/, '').split('\n').map((line) => line.split(/\t(.*)/s).slice(0, 2));

function show(value) {
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (value instanceof Date) return `date ${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()}`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (value && typeof value === 'object') return `{${Object.entries(value).map(([k, v]) => `${k}: ${show(v)}`).join(', ')}}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
exports.show = show;

exports.line = (name, value) => console.log(`${name}: ${typeof value === 'string' ? value : show(value)}`);

// All that an error of the server carries.
function failure(e) {
  const error = e.original || e.driverError || (e.cause && e.cause.code ? e.cause : e);
  if (!error.code || !error.severity) return `${e.name} ${e.code || ''} ${String(e.message).split('\n')[0]}`;
  return [e.name, error.severity, error.code, JSON.stringify(error.message), (error.detail || "").replace(/^Failing row.*/s, "Failing row"), error.hint, error.position, error.where,
    error.schema || error.schema_name, error.table || error.table_name, error.column || error.column_name,
    error.dataType || error.type_name, error.constraint || error.constraint_name].map((f) => f ?? '').join('|');
}
exports.failure = failure;

exports.attempt = async (name, part) => {
  try {
    exports.line(name, await part());
  } catch (e) {
    exports.line(name, failure(e).replace(/\n/g, '\\n'));
  }
};

exports.sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
