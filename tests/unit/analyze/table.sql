-- columns of tables, user types; statements with targets
!CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
!CREATE TYPE comp AS (x int, y text);
!CREATE DOMAIN posint AS int CHECK (VALUE > 0);
!CREATE DOMAIN short AS varchar(5);
!CREATE DOMAIN ints AS int[];
!CREATE SCHEMA s;
!CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL, nick varchar(10), born date, score numeric(6,2), feeling mood, tags text[], data jsonb, seen timestamptz);
!CREATE TABLE pet (id bigint PRIMARY KEY, owner int REFERENCES person, name text, weight real, k comp, ks comp[], p posint, sh short, nums ints, feelings mood[]);
!CREATE TABLE s.far (id int, v text);
!CREATE VIEW v AS SELECT id, name, nick FROM person WHERE score > 1;
select id, name, nick, born, score, feeling, tags, data, seen from person
select * from person
select p.* from person p
select person.name, p.name from person, pet p
select name from person, pet
select nosuch from person
select nam from person
select p.nam from person p
select person.nam from person p
select person.name from person p
select q.name from person p
select s.far.v, far.id from s.far
select far.v from far
select v from s.far where far.id = 1
select * from nosuch
select * from s.nosuch
select * from nosuch.far
select * from person, person
select * from person a join pet b on a.id = b.owner
select * from person join pet using (id)
select id from person join pet using (id)
select name from person join pet using (id)
select * from person natural join s.far
select feeling = 'nosuch' from person
select feeling = 'sad', feeling < 'ok', max(feeling) over (), feeling::text, 'ok'::mood, 'ok'::text::mood, feeling || 'x', array[feeling], feeling = any('{ok}'), enum_range(feeling), enum_first(feeling), coalesce(feeling, 'sad'), feeling in ('sad', 'ok') from person
select feeling + 1 from person
select feeling = 'sad'::text from person
select feeling::int from person
select 'bad'::mood
select greatest(feeling, 'ok'), feeling is distinct from 'ok' from person
select lower(feeling) from person
select (k).x, (k).y, k, (array[k])[1], ((array[k])[1]).x, array[k, null], (pet.k).y, k is null from pet
select ks[1], (ks[1]).x, ks from pet
select (k).nosuch from pet
select k.x from pet
select (k).* from pet
select (pet).k, (pet).name, pet, pet.* from pet
select row(1,'a')::comp, (row(1,'a')::comp).y, '(1,a)'::comp, null::comp, (1,2)::comp
select row(1)::comp
select row(1,2,3)::comp
select row('a',2)::comp
select row(true,2)::comp
select k = row(1,'a'), k = (1,'a')::comp, k < row(2,'b')::comp, k is distinct from row(1,'a')::comp from pet
select k = 1 from pet
select k::text, k::comp from pet
select p, p + 1, p = 1, p::int, 5::posint, '5'::posint, -5::posint, sh, sh || 'x', sh = 'x', 'abcdefgh'::short, upper(sh), nums, nums[1], nums || 1, array_length(nums, 1), array[p], coalesce(p, 1), coalesce(p, p), case when true then p end, case when true then p else 1 end from pet
select array[1]::ints, '{1,2}'::ints, nums = array[1], nums = nums, unnest(nums), nums[1:2] from pet
select p || 'x', abs(p), sum(p) over (), max(p) over (), max(sh) over () from pet
select 'x'::posint
select true::posint
select feelings[1], feelings = '{sad}', 'ok' = any(feelings), array_append(feelings, 'ok'), unnest(feelings), feelings::text[] from pet
select array_append(feelings, 'ok'::text) from pet
select tags[1], 'x' = any(tags), tags @> array['a'], tags @> '{a}', tags || 'x'::text, array_agg(tags) over () from person
select data->'a', data->>'a', data @> '{}', data['a'] from person
select data = '{"a"' from person
select count(*), sum(score), avg(score), max(nick), min(born) from person
select count(person), count(person.*), json_agg(person) from person
select person = person, person is null, person::text from person
select row_to_json(p) from person p
select ctid, tableoid, xmin from person
select id, nosuch.id from v
select v.*, v from v
select x.a, x.b from (select 1 as a, 'x' as b) x
select * from (values (1,'a'),(2,'b')) v(n, s)
select * from generate_series(1,3) g
select g, g + 1 from generate_series(1,3) g
select * from unnest(array[1,2], array['a']) u(a, b)
select * from json_each('{}')
select key, value from jsonb_each('{}')
select * from jsonb_to_record('{}') as x(a int, b text)
select person.id from person where exists (select 1 from pet where pet.owner = person.id and pet.name = person.name)
select (select name from pet where owner = person.id), array(select name from pet), id in (select owner from pet), (id, name) in (select owner, name from pet) from person
select name from person where id = $1 and name = $2 and score > $3 and feeling = $4 and born < $5 and tags @> $6 and data @> $7 and nick = $8 and seen > $9
select name from pet where p = $1 and sh = $2 and k = $3 and nums = $4 and weight > $5 and $6 = any(feelings) and id = any($7)
select feeling = $1::text from person
select upper(nick) = $1, nick || $2, score * $3, seen - $4 from person
select born + $1 from person
-- statements with targets
insert into person (id, name, score, feeling, tags, born, data) values ($1, $2, $3, $4, $5, $6, $7)
insert into person (id, name) values ($1, upper($2)) returning id, nick, score * 2
insert into pet (k, p, sh, nums, feelings) values (row(1,'a'), 5, 'abc', '{1}', '{ok}')
insert into pet (p) values ('x')
insert into pet (k) values (1)
insert into person (feeling) values ('bad')
insert into person (feeling) values (1)
insert into person (feeling) values ('ok'::text)
insert into person (born) values (1)
insert into person (id) values ('a')
insert into person (id) values (1.5), ('2')
insert into person (name) values (1), (now())
insert into person (nosuch) values (1)
insert into person (id, id) values (1, 2)
insert into person (id) values (1, 2)
insert into person (id, name) values (1)
update person set name = $1, score = score + $2, tags[1] = $3, data['a'] = $4, feeling = $5 where id = $6
update person set tags[1] = 1
update person set tags[1:2] = '{a,b}', id = default
update pet set k.x = 1, k.y = $1, nums[2] = $2, ks[1].x = 5
update pet set k.nosuch = 1
update pet set name.x = 1
update pet set weight[1] = 1
update person set id = 'x'
update person set id = true
update person set born = 5
update person set (name, score) = ($1, $2) where id = any($3)
delete from person where id = $1 and nick = $2 returning *, id + 1
