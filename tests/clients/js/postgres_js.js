// postgres.js: values by described types, helpers, transactions, cursors, COPY streams, LISTEN, subscriptions of errors, cancelling.
'use strict';
const postgres = require('postgres');
const { read, pairs, line, attempt, show, sleep } = require('./shared');

const options = { max: 3, onnotice: (n) => line('notice', `${n.severity} ${n.code} ${n.message}`), connection: { TimeZone: 'UTC' } };

async function values(sql) {
  for (const [type, text] of pairs('values.tsv')) {
    await attempt(`${type} ${text}`, async () => {
      const rows = await sql.unsafe(`SELECT $1::${type} AS v`, [text]);
      return show(rows[0].v);
    });
    await attempt(`${type} ${text} back`, async () => {
      const [row] = await sql.unsafe(`SELECT '${text.replace(/'/g, "''")}'::${type} AS v`);
      return show((await sql.unsafe(`SELECT ($1::${type})::text AS v`, [row.v]))[0].v);
    });
  }
}

async function flow(sql) {
  for (const [name, text] of pairs('errors.tsv')) await attempt(name, () => sql.unsafe(text));
  line('inserted', await sql`INSERT INTO author ${sql([{ name: 'p1', born: null }, { name: 'p2', born: '2000-01-01' }])} RETURNING name, born`);
  const update = await sql`UPDATE author SET ${sql({ born: '2001-02-03' }, 'born')} WHERE name = 'p1' RETURNING born`;
  line('updated', [update.count, update.command, update.columns.map((c) => [c.name, c.type]), update]);
  line('in', await sql`SELECT name FROM author WHERE name IN ${sql(['p1', 'p2', 'nobody'])} ORDER BY 1`);
  line('any', await sql`SELECT name FROM author WHERE name = ANY(${['p1', 'p2']}) ORDER BY 1`);
  line('identifiers', await sql`SELECT ${sql('name')} FROM ${sql('author')} ORDER BY ${sql('id')} LIMIT ${1}`);
  line('json', await sql`SELECT ${sql.json({ a: [1, null] })}::jsonb AS j, ${[1, 2]}::int[] AS l, ${new Date(0)}::timestamptz AS t`);
  line('deleted', (await sql`DELETE FROM author WHERE name LIKE 'p_'`).count);
  await attempt('transaction', () => sql.begin('ISOLATION LEVEL REPEATABLE READ', async (t) => {
    await t`INSERT INTO author (name) VALUES ('kept')`;
    await t.savepoint(async (s) => {
      await s`INSERT INTO author (name) VALUES ('Ada')`;
    }).catch((e) => line('savepoint', e.code));
    return t`SELECT count(*)::int AS n FROM author WHERE name = 'kept'`;
  }));
  await attempt('failing transaction', () => sql.begin(async (t) => {
    await t`DELETE FROM author WHERE name = 'kept'`;
    throw new Error('given up');
  }));
  line('still there', (await sql`DELETE FROM author WHERE name = 'kept'`).count);
  line('pipelined', await Promise.all([1, 2, 3, 4].map((n) => sql`SELECT ${n}::int * 2 AS n`)));
  line('several', await sql`SELECT 1 AS a; SELECT 'x' AS b`.simple());
  const described = await sql`SELECT id, title, price, ${1}::int AS extra FROM book WHERE id = ${2}`.describe();
  line('described', [described.types, described.columns.map((c) => [c.name, c.type, c.number])]);
  let sum = 0;
  for await (const rows of sql`SELECT g FROM generate_series(1, 3000) g`.cursor(400)) sum += rows.reduce((s, r) => s + r.g, 0);
  line('cursor', sum);
  let count = 0;
  await sql`SELECT g FROM generate_series(1, 1000) g`.forEach(() => { count++; });
  line('each', count);
  line('raw', (await sql`SELECT 1 AS a, 'x' AS b`.values())[0]);
  line('large', await sql`SELECT length(${'ä'.repeat(800000)}) AS n`);
}

async function copies(sql) {
  const { Readable } = require('stream');
  const { pipeline } = require('stream/promises');
  const into = await sql`COPY author (name, born) FROM STDIN`.writable();
  await pipeline(Readable.from(['c1\t2001-01-01\n', 'c2\t\\N\n']), into);
  const out = await sql`COPY (SELECT name, born FROM author WHERE name LIKE 'c_' ORDER BY 1) TO STDOUT`.readable();
  let text = '';
  for await (const part of out) text += part;
  line('copied', JSON.stringify(text));
  line('gone', (await sql`DELETE FROM author WHERE name LIKE 'c_'`).count);
}

async function asynchronous(sql) {
  const notes = [];
  const listening = await sql.listen('news', (payload) => notes.push(payload));
  await sql.notify('news', 'payload');
  await sql`SELECT pg_notify('news', 'second')`;
  for (let i = 0; i < 50 && notes.length < 2; i++) await sleep(50);
  line('notified', notes);
  await listening.unlisten();
  const long = sql`SELECT pg_sleep(20)`;
  setTimeout(() => long.cancel(), 200);
  await attempt('cancelled', () => long);
  const reserved = await sql.reserve();
  await reserved`CREATE TEMP TABLE changing (a int)`;
  for (let i = 0; i < 3; i++) line('before', (await reserved`SELECT * FROM changing`).columns.length);
  await reserved`ALTER TABLE changing ADD COLUMN b int`;
  await attempt('changed', async () => (await reserved`SELECT * FROM changing`).columns.length);
  reserved.release();
}

async function main() {
  const sql = postgres(options);
  await sql.unsafe(read('schema.sql'));
  await values(sql);
  await flow(sql);
  await copies(sql);
  await asynchronous(sql);
  line('parameters', ['server_encoding', 'TimeZone', 'integer_datetimes'].map((p) => sql.parameters[p]));
  await sql.end();
  const none = postgres({ ...options, database: 'no_such_database' });
  await attempt('no database', () => none`SELECT 1`);
  await none.end();
}

main().catch((e) => { console.log('cannot go on', e); process.exit(1); });
