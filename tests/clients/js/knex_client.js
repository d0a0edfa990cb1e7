// knex over node pg: schema builder, what it asks of the catalogs, migrations, queries, streams, transactions, errors.
'use strict';
const knex = require('knex');
const { line, attempt } = require('./shared');

const db = knex({ client: 'pg', connection: { host: process.env.PGHOST, port: process.env.PGPORT, user: process.env.PGUSER,
  database: process.env.PGDATABASE }, pool: { min: 0, max: 3 } });

class Source {
  getMigrations() { return Promise.resolve(['one', 'two']); }

  getMigrationName(name) { return name; }

  getMigration(name) {
    return Promise.resolve(name === 'one' ? {
      up: (k) => k.schema.createTable('migrated', (t) => { t.increments(); t.string('name').notNullable(); }),
      down: (k) => k.schema.dropTable('migrated'),
    } : {
      up: (k) => k.schema.alterTable('migrated', (t) => { t.jsonb('meta').defaultTo('{}'); t.index(['name'], 'by_name'); }),
      down: (k) => k.schema.alterTable('migrated', (t) => { t.dropIndex([], 'by_name'); t.dropColumn('meta'); }),
    });
  }
}

async function schema() {
  await db.schema.createTable('people', (t) => {
    t.increments('id');
    t.string('name', 40).notNullable().unique();
    t.text('bio');
    t.integer('age').defaultTo(18).checkPositive('age_positive');
    t.bigInteger('visits');
    t.decimal('salary', 10, 2).index();
    t.float('height');
    t.double('weight');
    t.boolean('active').defaultTo(true);
    t.date('born');
    t.datetime('seen', { precision: 3 });
    t.time('wakes');
    t.timestamps(true, true);
    t.binary('photo');
    t.json('raw');
    t.jsonb('settings').defaultTo(JSON.stringify({ a: 1 }));
    t.uuid('token').defaultTo(db.fn.uuid());
    t.enu('mood', ['sad', 'ok'], { useNative: true, enumName: 'mood_type' });
    t.specificType('tags', 'text[]');
    t.comment('who lives here');
  });
  await db.schema.createTable('pets', (t) => {
    t.bigIncrements();
    t.integer('owner').unsigned().references('people.id').onDelete('CASCADE').deferrable('deferred');
    t.string('name').comment('as called');
    t.unique(['owner', 'name'], { indexName: 'one_of_a_name' });
  });
  line('info', await db('people').columnInfo());
  line('has', [await db.schema.hasTable('people'), await db.schema.hasTable('none'), await db.schema.hasColumn('people', 'age')]);
  await db.schema.alterTable('people', (t) => {
    t.string('name', 80).notNullable().alter();
    t.renameColumn('bio', 'story');
    t.dropColumn('weight');
    t.setNullable('active');
    t.index(['born', 'age'], 'born_age', { indexType: 'btree' });
  });
  await db.schema.raw('CREATE VIEW adults AS SELECT * FROM people WHERE age >= 18');
  await db.schema.renameTable('pets', 'animals');
  line('after', Object.keys(await db('people').columnInfo()));
}

async function queries() {
  line('inserted', await db('people').insert([{ name: 'Ada', age: 36, tags: ['a,b', '"'], mood: 'ok', photo: Buffer.from([0, 255]) }, { name: 'Bob' }], ['id', 'name', 'tags', 'photo', 'settings']));
  line('conflict', await db('people').insert({ name: 'Bob', age: 40 }).onConflict('name').merge(['age']).returning(['name', 'age']));
  line('ignored', await db('people').insert({ name: 'Bob' }).onConflict('name').ignore());
  line('pets', await db('animals').insert([{ owner: 1, name: 'Cat' }, { owner: 1, name: 'Dog' }]).returning('name'));
  line('joined', await db('people as p').leftJoin('animals as a', 'a.owner', 'p.id').groupBy('p.name').orderBy('p.name').select('p.name').count('a.id as n'));
  line('nested', await db('people').whereIn('id', db('animals').select('owner')).pluck('name'));
  line('json', await db('people').whereJsonSupersetOf('settings', { a: 1 }).orderBy('id').pluck('name'));
  line('path', await db('people').jsonExtract('settings', '$.a', 'a').first());
  line('window', await db('people').select('name').rowNumber('n', 'name').orderBy('name'));
  line('with', await db.withRecursive('t', db.raw('SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 5')).sum('n as s').from('t'));
  line('updated', await db('people').where({ name: 'Ada' }).increment('age', 2).update({ salary: 10.5 }, ['age', 'salary']));
  line('distinct', await db('animals').distinctOn('owner').orderBy(['owner', { column: 'name', order: 'desc' }]).select('name'));
  line('locked', await db.transaction((t) => t('people').forUpdate().skipLocked().orderBy('id').first('name')));
  let n = 0;
  for await (const row of db.select('g').from(db.raw('generate_series(1, 2000) g')).stream()) n += row.g;
  line('streamed', n);
  await attempt('unique', () => db('people').insert({ name: 'Ada' }));
  await attempt('check', () => db('people').insert({ name: 'C', age: -1 }));
  await attempt('enum', () => db('people').insert({ name: 'C', mood: 'none' }));
  await attempt('missing', () => db('nothing').select());
  await attempt('transaction', () => db.transaction(async (t) => {
    await t('people').insert({ name: 'kept' });
    await t.transaction(async (s) => { await s('people').insert({ name: 'Ada' }); }).catch((e) => line('inner', e.code));
    return t('people').count();
  }, { isolationLevel: 'repeatable read' }));
  await attempt('timeout', () => db.raw('SELECT pg_sleep(20)').timeout(200, { cancel: true }));
  line('deleted', await db('people').del());
  await attempt('batch', async () => (await db.batchInsert('people', Array.from({ length: 250 }, (_, i) => ({ name: `b${i}` })), 100)).length);
  await db('people').truncate().catch((e) => line('truncate', e.code));
}

async function migrations() {
  const config = { migrationSource: new Source() };
  line('migrated', await db.migrate.latest(config));
  line('status', await db.migrate.list(config).then(([done, left]) => [done.map((d) => d.name), left]));
  line('version', await db.migrate.currentVersion(config));
  line('back', await db.migrate.rollback(config, true));
}

(async () => {
  await schema();
  await queries();
  await migrations();
  await db.raw('DROP VIEW adults');
  await db.schema.dropTable('animals').dropTable('people');
  await db.destroy();
})().catch((e) => { console.log('cannot go on', e.message); process.exit(1); });
