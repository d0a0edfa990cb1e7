-- The extensions intarray, btree_gin and btree_gist.
CREATE EXTENSION intarray;
SELECT intset(5), icount('{1,2,3}'::int[]), icount('{}'::int[]), icount('{{1,2},{3,4}}'::int[]), icount('[0:2]={1,2,3}'::int[]), icount('{1,NULL}'::int[]), icount(NULL);
SELECT sort('{3,1,2}'::int[]), sort('{3,1,2}'::int[], 'desc'), sort('{3,1,2}'::int[], 'ASC'), sort('{{3,1},{2,5}}'::int[]), sort('{}'::int[]), sort('{5}'::int[], 'DESC');
SELECT sort('{3,1,2}'::int[], 'foo');
SELECT sort_asc('{3,1,3}'::int[]), sort_desc('{3,1,3}'::int[]), uniq('{1,1,2,1}'::int[]), uniq(sort('{1,1,2,1}'::int[])), uniq('{}'::int[]);
SELECT sort('{1,NULL}'::int[]);
SELECT idx('{11,22,33}'::int[], 22), idx('{11}'::int[], 5), '{11,22}'::int[] # 22, # '{1,2}'::int[], idx('{}'::int[], 1);
SELECT subarray('{1,2,3,2,1}'::int[], 2, 3), subarray('{1,2,3}'::int[], 2), subarray('{1,2,3}'::int[], -2), subarray('{1,2,3}'::int[], 1, -1), subarray('{1,2,3}'::int[], 0, 2);
SELECT subarray('{1,2,3}'::int[], 9), subarray('{1,2,3}'::int[], -9, 2), subarray('{1,2,3}'::int[], 2, 0), subarray('{1,2,3}'::int[], -2, -2), subarray('{}'::int[], 1);
SELECT '{1,2}'::int[] + 3, '{1,2}'::int[] + '{2,3}'::int[], '{1,2,3,2}'::int[] - 2, '{1,2,3,2}'::int[] - '{2,5}'::int[], '{3,1,3}'::int[] - '{}'::int[];
SELECT '{3,1,3}'::int[] | 2, '{3,1}'::int[] | '{1,5}'::int[], '{3,1,2,3}'::int[] & '{3,2,9}'::int[], '{1}'::int[] & '{2}'::int[], '{}'::int[] | '{}'::int[];
SELECT '{1,2}'::int[] && '{2,3}'::int[], '{1,2}'::int[] @> '{2}'::int[], '{2}'::int[] <@ '{1,2}'::int[], '{1,2}'::int[] @> '{}'::int[], '{}'::int[] && '{}'::int[];
SELECT _int_same('{1,2}', '{2,1}'), _int_different('{1,2}', '{2,1}'), _int_union('{1}', '{2}'), _int_inter('{1,2}', '{2}'), _int_same('{1,1}', '{1}');
SELECT '{1,NULL}'::int[] && '{1}'::int[];
SELECT '{1,NULL}'::int[] | '{1}'::int[];
SELECT '{{1,2},{3,4}}'::int[] && '{3}'::int[], '{{1,2},{3,4}}'::int[] + 5, '{-1,-2}'::int[] | -3;
SELECT '1&2'::query_int, '1|2&3'::query_int, '!1'::query_int, '(1|2)&3'::query_int, ' 1 & ! ( 2 | 3 ) '::query_int, '-5'::query_int;
SELECT '!(!1)'::query_int, '((1))'::query_int, '1&(2&3)'::query_int, '(1&2)|3'::query_int, '1|(2|3)'::query_int, '1|2|3'::query_int, '(1|2)|3'::query_int;
SELECT '!1|2'::query_int, '!(1&2)|!3&4'::query_int, '1&2|3&4'::query_int, '!!1'::query_int, '2147483647&-2147483648'::query_int;
SELECT ''::query_int;
SELECT '1&'::query_int;
SELECT '1 2'::query_int;
SELECT '(1'::query_int;
SELECT '1)'::query_int;
SELECT 'a'::query_int;
SELECT '99999999999'::query_int;
SELECT '&1'::query_int;
SELECT '{1,2,3}'::int[] @@ '1&2', '{1}'::int[] @@ '1&!2', '{1}'::int[] @@ '2|(1&3)', '1&2'::query_int ~~ '{1,2}'::int[], '{}'::int[] @@ '!1', boolop('{1}', '1'), rboolop('1', '{2}');
SELECT '{1,NULL}'::int[] @@ '1';
CREATE TABLE docs (id int, tags int[]);
INSERT INTO docs SELECT i, ARRAY[i % 2, i % 3 + 10, i % 5 + 20] FROM generate_series(1, 30) i;
SELECT count(*) FROM docs WHERE tags @@ '1&10'::query_int;
SELECT count(*) FROM docs WHERE tags @@ '(1|10)&!20'::query_int;
SELECT count(*) FROM docs WHERE tags && '{10,24}' AND NOT tags @> '{1}';
SELECT id, tags - 0 AS t FROM docs WHERE id < 4 ORDER BY id;
SELECT sort(array_agg(DISTINCT x)) FROM docs, unnest(tags) x;
SELECT id FROM docs WHERE tags @> '{1,12}' ORDER BY id;
-- ! a NOTICE says that the index is recorded only
CREATE INDEX docs_tags ON docs USING gin (tags gin__int_ops);
-- ! a NOTICE says that the index is recorded only
CREATE INDEX docs_gist ON docs USING gist (tags gist__int_ops);
SELECT indexdef FROM pg_indexes WHERE tablename = 'docs' ORDER BY 1;
CREATE EXTENSION btree_gin;
CREATE EXTENSION btree_gist;
SELECT extname, extversion FROM pg_extension ORDER BY 1;
-- ! a NOTICE says that the index is recorded only
CREATE INDEX docs_id ON docs USING gin (id);
SELECT opcname, amname FROM pg_opclass JOIN pg_am a ON a.oid = opcmethod WHERE amname IN ('gin', 'gist') AND opcname ~ '^(gist_)?int4_ops' ORDER BY 1, 2;
-- ! the distance operators of btree_gist answer 0A000
SELECT 5 <-> 3, 2.5::float8 <-> 1, '2020-01-05'::date <-> '2020-01-01', 3::int8 <-> 10;
-- ! the distance operators of btree_gist answer 0A000
SELECT '10:00'::time <-> '9:30', '2020-01-05'::timestamp <-> '2020-01-01', interval '1 day' <-> interval '3 days', '$5'::money <-> '$3';
DROP EXTENSION btree_gin;
DROP EXTENSION btree_gin CASCADE;
DROP EXTENSION btree_gist;
DROP EXTENSION intarray;
-- ! PostgreSQL 15 fails to drop its own functions in this order
DROP EXTENSION intarray CASCADE;
-- ! PostgreSQL 15 fails to drop its own functions in this order
SELECT '{1}'::int[] + 1;
SELECT '{1,2}'::int[] && '{2,3}'::int[], '{1,2}'::int[] || 3;
CREATE EXTENSION btree_gist SCHEMA pg_catalog;
DROP EXTENSION btree_gist;
