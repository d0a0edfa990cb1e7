// Sequelize: sync and alter, describing tables, associations, JSON, arrays, ranges, scopes, upserts, transactions, errors.
'use strict';
const { Sequelize, DataTypes, Op, QueryTypes } = require('sequelize');
const { line, attempt } = require('./shared');

const db = new Sequelize(process.env.PGDATABASE, process.env.PGUSER, '', { host: process.env.PGHOST, port: process.env.PGPORT,
  dialect: 'postgres', logging: false, pool: { max: 3 } });

const Person = db.define('Person', {
  name: { type: DataTypes.STRING(40), allowNull: false, unique: true },
  age: { type: DataTypes.SMALLINT, defaultValue: 18, comment: 'in years' },
  visits: DataTypes.BIGINT,
  salary: DataTypes.DECIMAL(10, 2),
  height: DataTypes.DOUBLE,
  active: { type: DataTypes.BOOLEAN, defaultValue: true },
  born: DataTypes.DATEONLY,
  wakes: DataTypes.TIME,
  seen: DataTypes.DATE(3),
  photo: DataTypes.BLOB,
  settings: { type: DataTypes.JSONB, defaultValue: {} },
  token: { type: DataTypes.UUID },
  mood: { type: DataTypes.ENUM('sad', 'ok'), defaultValue: 'ok' },
  tags: DataTypes.ARRAY(DataTypes.STRING),
  during: DataTypes.RANGE(DataTypes.INTEGER),
  address: DataTypes.INET,
  mail: DataTypes.CITEXT,
  words: DataTypes.TSVECTOR,
}, { timestamps: false, indexes: [{ fields: ['age', 'born'] }, { fields: ['settings'], using: 'gin' },
  { name: 'active_only', fields: ['name'], where: { active: true } }] });
const Pet = db.define('Pet', { name: DataTypes.TEXT, legs: { type: DataTypes.INTEGER, validate: { max: 8 } } }, { timestamps: false, paranoid: false });
Person.hasMany(Pet, { foreignKey: 'ownerId', onDelete: 'CASCADE', as: 'pets' });
Pet.belongsTo(Person, { foreignKey: 'ownerId', as: 'owner' });
const Tag = db.define('Tag', { label: { type: DataTypes.STRING, primaryKey: true } }, { timestamps: false });
Pet.belongsToMany(Tag, { through: 'PetTags', timestamps: false });
Tag.belongsToMany(Pet, { through: 'PetTags', timestamps: false });

async function describe() {
  const q = db.getQueryInterface();
  for (const table of ['People', 'Pets', 'PetTags']) {
    const columns = await q.describeTable(table);
    for (const name of Object.keys(columns)) line(`${table}.${name}`, columns[name]);
    const indexes = await q.showIndex(table);
    for (const i of indexes.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      line(`${table} index`, [i.name, i.primary, i.unique, i.fields.map((f) => f.attribute), i.definition]);
    }
    line(`${table} keys`, (await q.getForeignKeyReferencesForTable(table)).map((k) => [k.constraintName, k.columnName, k.referencedTableName, k.referencedColumnName]).sort());
  }
  line('tables', (await q.showAllTables()).map((t) => t.tableName || t).sort());
  line('version', (await db.databaseVersion()).split('.')[0]);
}

async function work() {
  const ada = await Person.create({ name: 'Ada', age: 36, visits: '9007199254740993', salary: '10.50', height: 1.7, born: '1815-12-10', wakes: '07:30:00',
    seen: new Date(0), photo: Buffer.from([0, 255]), settings: { a: { b: [1, 2] } }, tags: ['a,b', '"'], during: [1, 5], address: '10.0.0.1', mail: 'Ada@X' });
  await ada.createPet({ name: 'Cat', legs: 4 });
  await ada.createPet({ name: 'Bird', legs: 2 });
  await ada.reload();
  line('row', ada.get({ plain: true }));
  line('bulk', (await Person.bulkCreate([{ name: 'B' }, { name: 'C', age: 5 }], { returning: true })).map((p) => [p.id, p.age]));
  line('upsert', (await Person.upsert({ name: 'B', age: 50 }, { conflictFields: ['name'] }))[0].age);
  line('found', await Person.findOrCreate({ where: { name: 'D' }, defaults: { age: 1 } }).then(([p, made]) => [p.name, made]));
  line('included', (await Person.findAll({ include: { model: Pet, as: 'pets', where: { legs: { [Op.gt]: 2 } }, required: false }, order: ['id', ['pets', 'id', 'ASC']] })).map((p) => [p.name, p.pets.map((x) => x.name)]));
  line('json', (await Person.findAll({ where: { settings: { [Op.contains]: { a: { b: [1] } } } } })).length);
  line('nested', (await Person.findAll({ where: { 'settings.a.b': { [Op.ne]: null } } })).length);
  line('array', (await Person.findAll({ where: { tags: { [Op.overlap]: ['a,b'] } } })).length);
  line('range', (await Person.findAll({ where: { during: { [Op.contains]: 3 } } })).length);
  line('like', (await Person.findAndCountAll({ where: { name: { [Op.iLike]: 'a%' } }, limit: 1 })).count);
  line('grouped', await Pet.findAll({ attributes: ['legs', [db.fn('count', db.col('id')), 'n']], group: 'legs', order: ['legs'], raw: true }));
  line('updated', await Person.update({ age: db.literal('age + 1') }, { where: { age: { [Op.lt]: 30 } }, returning: ['name', 'age'] }).then(([n, rows]) => [n, rows.map((r) => r.age).sort()]));
  await ada.increment('age', { by: 2 });
  line('aggregates', [await Person.max('age'), await Person.sum('age'), await Person.count()]);
  const cat = await Pet.findOne({ where: { name: 'Cat' } });
  await cat.addTags(await Tag.bulkCreate([{ label: 'soft' }, { label: 'small' }]));
  line('tags', (await cat.getTags({ order: ['label'] })).map((t) => t.label));
  await attempt('unique', () => Person.create({ name: 'Ada' }));
  await attempt('foreign', () => Pet.create({ name: 'none', ownerId: 99 }));
  await attempt('null', () => db.query('INSERT INTO "People" (name) VALUES (NULL)'));
  await attempt('enum', () => db.query('UPDATE "People" SET mood = \'none\''));
  await attempt('syntax', () => db.query('SELEC 1'));
  await attempt('transaction', () => db.transaction({ isolationLevel: 'SERIALIZABLE' }, async (t) => {
    await Person.create({ name: 'kept' }, { transaction: t });
    await db.transaction({ transaction: t }, async (s) => { await Person.create({ name: 'lost' }, { transaction: s }); throw new Error('inner'); }).catch((e) => line('inner', e.message));
    return (await Person.findAll({ transaction: t, lock: t.LOCK.UPDATE, skipLocked: true })).length;
  }));
  line('names', (await Person.findAll({ order: ['name'] })).map((p) => p.name));
  line('bound', await db.query('SELECT $name::text AS n, $list::int[] AS l', { bind: { name: 'x', list: [1, 2] }, type: QueryTypes.SELECT }));
  line('replaced', await db.query('SELECT :a AS a WHERE 1 IN (:l)', { replacements: { a: "it's", l: [1, 2] }, type: QueryTypes.SELECT }));
  line('destroyed', [await Person.destroy({ where: { name: 'Ada' } }), await Pet.count()]);
}

(async () => {
  await db.authenticate();
  await db.query('CREATE EXTENSION IF NOT EXISTS citext');
  await db.sync({ force: true });
  await describe();
  await db.sync({ alter: true });
  await describe();
  await work();
  const q = db.getQueryInterface();
  await q.addColumn('Pets', 'extra', { type: DataTypes.ENUM('x', 'y'), defaultValue: 'x' });
  await q.changeColumn('Pets', 'legs', { type: DataTypes.BIGINT, allowNull: false, defaultValue: 4 });
  await q.renameColumn('Pets', 'name', 'title');
  await q.addConstraint('Pets', { fields: ['legs'], type: 'check', name: 'legs_few', where: { legs: { [Op.lt]: 100 } } });
  await q.addIndex('Pets', ['title'], { name: 'by_title', unique: true });
  await q.removeIndex('Pets', 'by_title');
  line('changed', Object.entries(await q.describeTable('Pets')));
  await q.removeConstraint('Pets', 'legs_few', {});
  await q.removeColumn('Pets', 'extra', {});
  await db.drop({});
  line('left', await q.showAllTables({}));
  await db.close();
})().catch((e) => { console.log('cannot go on', e.message); process.exit(1); });
