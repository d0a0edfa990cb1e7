// node pg with its defaults: text results, unnamed and named statements.
'use strict';


let pg;
try {
  pg = require(require.resolve('pg', { paths: [process.env.PGFEATHER_NODE_MODULES || __dirname] }));
} catch (e) {
  console.log('the node package pg is not installed');
  process.exit(77);
}

let passed = 0;
let failed = 0;

function check(name, got, expected) {
  const a = JSON.stringify(got);
  const b = JSON.stringify(expected);
  if (a === b) {
    passed++;
  } else {
    failed++;
    console.log(`FAILED: ${name}\n  expected: ${b}\n  got:      ${a}`);
  }
}

async function attempt(name, f) {
  try {
    await f();
  } catch (e) {
    failed++;
    console.log(`FAILED: ${name}\n${e.stack}`);
  }
}

// type, value sent, value expected back (undefined: the same)
const VALUES = [
  ['bool', true], ['bool', false],
  ['int2', -32768], ['int4', 2147483647], ['int8', '9223372036854775807'],
  ['float4', 1.5], ['float8', -1e300], ['float8', 0.1],
  ['numeric', '123456789012345678901234567890.1230'], ['numeric', 'NaN'],
  ['text', 'a\'b"c\\d\n€ 🐘'], ['text', ''], ['varchar(9)', 'nine char'],
  ['char(5)', 'ab', 'ab   '],
  ['bytea', Buffer.from([0, 1, 254, 255, 39, 92])],
  ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['time', '23:59:59.999999'],
  ['timestamp', new Date(2024, 1, 29, 13, 14, 15, 123)],
  ['timestamptz', new Date(Date.UTC(2024, 1, 29, 13, 14, 15, 123))],
  ['date', '2024-02-29', new Date(2024, 1, 29)],
  ['json', { a: [1, null, 'x'] }], ['jsonb', { a: [1, null, 'x'] }],
  ['int4[]', [1, null, 3]], ['text[]', ['a,b', 'NULL', '"\\', '']],
  ['numeric[]', ['1.50', '2'], [1.5, 2]], ['bool[]', [true, false]],
  ['text', null],
];

async function testTypes(client) {
  for (const [type, value, back] of VALUES) {
    const expected = back === undefined ? value : back;
    const name = `${type} ${JSON.stringify(value)}`;
    await attempt(name, async () => {
      await client.query(`CREATE TABLE rt (id serial PRIMARY KEY, v ${type})`);
      const inserted = await client.query('INSERT INTO rt (v) VALUES ($1) RETURNING id, v', [value]);
      check(`${name} returning`, inserted.rows, [{ id: 1, v: expected }]);
      const updated = await client.query('UPDATE rt SET v = $1 WHERE id = $2', [value, 1]);
      check(`${name} updated`, [updated.command, updated.rowCount], ['UPDATE', 1]);
      const selected = await client.query('SELECT v FROM rt');
      check(`${name} select`, selected.rows, [{ v: expected }]);
      const deleted = await client.query('DELETE FROM rt');
      check(`${name} deleted`, deleted.rowCount, 1);
    });
    await client.query('DROP TABLE IF EXISTS rt');
  }
  const interval = await client.query("SELECT $1::interval AS i", ['1 year 2 mons 3 days 04:05:06.5']);
  check('interval', interval.rows[0].i.toPostgres(),
    '6.5 seconds 5 minutes 4 hours 3 days 2 months 1 years');
}

async function testFlow(client) {
  const named = { name: 'add', text: 'SELECT $1::int4 + $2::int4 AS sum' };
  for (let i = 0; i < 3; i++) {
    const r = await client.query({ ...named, values: [i, 1] });
    check(`named ${i}`, r.rows, [{ sum: i + 1 }]);
  }
  const several = await client.query('SELECT 1 AS a; SELECT 2 AS b');
  check('several statements', several.map((r) => r.rows), [[{ a: 1 }], [{ b: 2 }]]);
  const queued = await Promise.all([...Array(50).keys()].map(
    (i) => client.query('SELECT $1::int4 AS n', [i])));
  check('queued', queued.map((r) => r.rows[0].n), [...Array(50).keys()]);
  const fields = (await client.query('SELECT 1::int8 AS a, now() AS b, NULL AS c')).fields;
  check('fields', fields.map((f) => [f.name, f.dataTypeID]), [['a', 20], ['b', 1184], ['c', 25]]);
  check('empty', (await client.query('')).rows, []);
}

async function testErrors(client) {
  for (const [sql, values, code] of [
    ['SELECT 1/$1::int4', [0], '22012'], ['SELECT nope', [], '42703'], ['SELEC', [], '42601'],
    ['SELECT $1::int4', ['x'], '22P02'], ['SELECT * FROM nowhere', [], '42P01']]) {
    try {
      await client.query(sql, values);
      check(sql, 'no error', code);
    } catch (e) {
      check(sql, e.code, code);
    }
  }
  await client.query('CREATE TABLE er (id int CONSTRAINT er_key PRIMARY KEY)');
  await client.query('BEGIN');
  await client.query('INSERT INTO er VALUES (1)');
  try {
    await client.query('INSERT INTO er VALUES ($1)', [1]);
    check('unique', 'no error', '23505');
  } catch (e) {
    check('unique', [e.code, e.constraint, e.table, e.detail],
      ['23505', 'er_key', 'er', 'Key (id)=(1) already exists.']);
  }
  try {
    await client.query('SELECT 1');
    check('failed transaction', 'no error', '25P02');
  } catch (e) {
    check('failed transaction', e.code, '25P02');
  }
  await client.query('ROLLBACK');
  check('rolled back', (await client.query('SELECT * FROM er')).rows, []);
  await client.query('DROP TABLE er');
  const notices = [];
  client.on('notice', (n) => notices.push([n.code, n.message]));
  await client.query('DROP TABLE IF EXISTS nowhere');
  check('notice', notices, [['00000', 'table "nowhere" does not exist, skipping']]);
}

async function testTimeout() {
  const client = new pg.Client({ statement_timeout: 200 });
  await client.connect();
  try {
    await client.query('SELECT count(*) FROM generate_series(1, 100000000000) g WHERE g % 7 = 9');
    check('statement_timeout', 'no error', '57014');
  } catch (e) {
    check('statement_timeout', e.code, '57014');
  }
  check('after the timeout', (await client.query('SELECT 1 AS a')).rows, [{ a: 1 }]);
  await client.end();
}

async function testPool() {
  const pool = new pg.Pool({ max: 5 });
  const results = await Promise.all([...Array(40).keys()].map(
    (i) => pool.query('SELECT $1::int4 * 2 AS n', [i])));
  check('pool', results.map((r) => r.rows[0].n), [...Array(40).keys()].map((i) => i * 2));
  await pool.end();
}

async function main() {
  const client = new pg.Client();
  await client.connect();
  await attempt('types', () => testTypes(client));
  await attempt('flow', () => testFlow(client));
  await attempt('errors', () => testErrors(client));
  await client.end();
  await attempt('timeout', testTimeout);
  await attempt('pool', testPool);
}

main().catch((e) => { failed++; console.log(`FAILED: ${e.stack}`); }).then(() => {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
});
