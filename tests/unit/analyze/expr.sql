-- constants
select 1, 2147483648, 9223372036854775808, 1.5, 1e3, 'x', null, true, false, B'101', X'1F', E'a\nb', $$q$$
select -1, +1, -2147483648
select 12345678901234567890123
select 1::int2, 1::int8, 1::numeric(5,2), 'a'::varchar(3), 'a'::char(4), 'a'::char, 'a'::bpchar, 'a'::"char", 'a'::name
select 1::nosuch
select 1::nosuch(3)
select 1::nosuch[]
select 1::a.b
select 1::x.y.z.w
select 1::pg_catalog.foo
select null::public.int4
select 1::int4(3)
select 1::varchar(0)
select 1::numeric(1001)
select 1::numeric(10,2001)
select '1 day'::interval day to second(3), '1'::interval hour, interval '1' year, interval(3) '1 second'
select '2020-01-01'::date, timestamp '2020-01-01', timestamp(3) with time zone '2020-01-01 00:00:00+00', time '10:00', time with time zone '10:00+00'
select '1'::int4[3][4]
select '{1,2}'::int[], '{a}'::varchar(3)[]
select '{}'::json, '{}'::jsonb, '00000000-0000-0000-0000-000000000000'::uuid
select 'abc'::int
select '1.5'::int4
select 'x'::bool
select '99999'::int2
select '2020-13-01'::date
select cast('1' as int), cast(1 as text), cast(null as date)
select 1::timestamp
select 1::bool, 0::bool, true::int
select true::numeric
select 1.5::bool
select 'a'::text::int4
select 1 collate "C"
select 'a' collate "nosuch"
select 'a' collate "C", b collate "POSIX" from {t}
-- operators
select 1 + 1, 1 + 1.5, 1 + 2147483648, 1.5 + 1::float8, 1::int2 + 1::int2, 1::int2 + 1, 1::int8 + 1
select i2 + i2, i2 + a, a + i8, i8 + n, n + f4, f4 + f8, f8 + n, a / 2, a % 2, a ^ 2, n ^ 2, |/ 4, @ -5, a & 1, a | 1, a # 1, ~a, a << 1, a >> 1 from {t}
select 'a' || 'b', 'a' || 1, 1 || 'b', b || c, c || c, ch || ch, b || a, na || na from {t}
select '1' + '2'
select null + null
select null + 1, '3' + 1, 1 + '3.5'
select 1 + 'a'
select 1 + 'a'::text
select @ 'a'::text
select - 'a'
select 1 operator(pg_catalog.+) 2
select 1 operator(nosuch.+) 2
select 1 <=> 2
select 1 = 1, 1 < 2.5, 'a' = 'b', b = 'x', c = 'x', ch = 'x', na = 'x', d = '2020-01-01', ts > '2020-01-01', tt < '2020-01-01', u = '00000000-0000-0000-0000-000000000000', o = 1 from {t}
select rc = 'pg_class' from {t}
select a = 'x' from {t}
select a = '5' from {t}
select b = 1 from {t}
select b = c, c = ch, c = na, b = ch, ch = c, qc = 'a' from {t}
select d + 1, d - 1, d - d, d + iv, ts + iv, ts - ts, tt - tt, ts - iv, iv + iv, iv * 2, iv / 2, d + ti, ti - ti, ti + iv, d - '2020-01-01', now() - iv from {t}
select date '2020-01-01' + '1'
select now() - '1 day'
select d = ts, d < tt, ts = tt, ti = tz from {t}
select j -> 'a', j ->> 'a', j -> 1, j #> '{a}', jb -> 'a', jb ->> 0, jb @> '{"a":1}', jb ? 'a', jb || jb, jb - 'a', jb - 1, jb #- '{a}' from {t}
select j = j from {t}
select ia || 1, ia || ia, 1 || ia, ia @> '{1}', ia && array[1], ia = '{1}', ta || 'x'::text, ta || '{x}' from {t}
select ta || 'x' from {t}
select ia || 'x'::text from {t}
select ip << '10.0.0.0/8', ip && ip, ip + 1, r @> 1, r @> r, r && r, r * r, r - r, r -|- r from {t}
select bi & bi, bi || vb, ~bi, bi << 1 from {t}
select m + m, m * 2, m / m, pt <-> pt, pt ~= pt from {t}
select pt = pt from {t}
select b ~ 'x', b ~* 'x', b !~ 'x', b like 'x', b ilike 'x', b not like 'x', b similar to 'x', b not similar to 'x' escape 'e', c like 'x', ch like 'x', na like 'x', by like 'x' from {t}
select a like 'x' from {t}
select b ^@ 'x' from {t}
select by || by, by = by, by || '\x00' from {t}
select (1,2) = (1,2), (1,2) < (3,4), (1,'a') = (2,'b'), (1,2) <> (1,2), row(1) = row(2)
select row(1,2) = row(1,2,3)
select row(1,2) < row(1,'a')
select (1,2) + (3,4)
select row() = row()
select (1,2) like (3,4)
select (a, b) < (1, 'x') from {t}
select a between 1 and 2, a not between 1 and 2.5, a between symmetric 2 and 1, a not between symmetric 1 and 2, b between 'a' and 'b', d between '2020-01-01' and '2020-02-01' from {t}
select 1 between 'a' and 2
select a in (1,2,3), a in (1), a in (1, 2.5), a not in (1,2), b in ('x','y'), c in ('x', 'y'), a in (1, i8), d in ('2020-01-01','2020-01-02') from {t}
select a in (1, 'x') from {t}
select a in (1, b) from {t}
select 1 in ((1,2))
select (1,2) in ((1,2),(3,4)), (a, b) in ((1,'x'),(2,'y')) from {t}
select (1,2) in ((1,2),(3,4,5))
select a = any(ia), a = any('{1,2}'), a = any(array[1,2]), a <> all(ia), a < any(ia), b = any(ta), c = any('{x}'), i8 = any(ia), a = any(na2) from {t}
select 1 = any(2)
select 1 + any(array[1])
select 1 = all(array['a'])
select a is distinct from 1, a is not distinct from 1, a is distinct from null, null is not distinct from a, (1,2) is distinct from (1,2), (1,2) is not distinct from (1,3) from {t}
select (1,2) is distinct from (1,2,3)
select 1 is distinct from 'x'::text
select nullif(1,2), nullif('a','b'), nullif(a, 1.5), nullif(c, 'x'), nullif(n2, 0), nullif(null, 1) from {t}
select nullif(1,'a')
select nullif('{}'::json,'{}'::json)
select a is null, a is not null, row(1,2) is null, bo is true, bo is not true, bo is false, bo is not false, bo is unknown, bo is not unknown from {t}
select 1 is true
select 'x' is true
select not true, true and false, true or false, not 't', bo and 'f' from {t}
select not 1
select 1 and true
select true or 'x'
select a and true from {t}
select 1 where 1
select 1 where 'x'
select 1 where null
-- CASE and kin
select case when true then 1 end, case when true then 1 else 2.5 end, case a when 1 then 'x' else 'y' end, case when bo then c else b end, case when bo then c end, case when bo then n2 else n2 end, case when bo then n2 else n end, case when true then null end from {t}
select case 1 when 'a' then 2 end
select case when 1 then 2 end
select case when true then 1 else 'a' end
select case when true then 1 else 'a'::text end
select case 'a' when 'b' then d else ts end from {t}
select case when true then 1 when false then '2' else '3' end
select coalesce(1, 2.5), coalesce(null, 'a'), coalesce(a, 0), coalesce(c, 'x'), coalesce(null), coalesce(d, ts), coalesce(n2, 0) from {t}
select coalesce(1,'a'::text)
select coalesce(a, 'x') from {t}
select greatest(1,2.5), least('a','b'), greatest(d, '2020-01-01'), greatest(a, null) from {t}
select greatest(1,'2'::text)
-- arrays
select array[1,2], array[1,2.5], array['a','b'], array[[1,2],[3,4]], array[null], array[null, 1], array[c, 'x'], array[ia, ia], array[d, '2020-01-01'], array[n2, n2] from {t}
select array[1,'a']
select array[1,'a'::text]
select array[]
select array[]::int[], array['1','2']::int[], array[[]]::int[], array[1,2]::text[], array[1.5]::int[], array['a']::varchar(2)[]
select array[array[1],2]
select array[1]::date[]
select ia[1], ia[1:2], ia[:2], ia[1:], ia[1][2], ta[1], ia['1'], ia[1.5], (ia || ia)[1], (array[1,2])[1] from {t}
select ia['x'] from {t}
select ia[d] from {t}
select a[1] from {t}
select b[1] from {t}
select ia[1][2][3][4][5][6][7] from {t}
select jb['a'], jb[1], jb['a']['b'][1], jb[b] from {t}
select jb[1.5] from {t}
select jb[1:2] from {t}
-- rows
select row(1,'a',null), (1,2), row(), row(t.*), t from {t}
select (row(1,2)).f1, (row(1,b)).f2 from {t}
select (row(1,2)).f3
select (1).x
select (t).a, (t).c, (t.*).a from {t}
select (t).zz from {t}
select t.a, t.zz from {t}
select zz from {t}
select x.a from {t}
select t.a.b from {t}
select a.x from {t}
select nosuch.a.b.c.d from {t}
select lower(t) from {t}
select t.lower from {t}
select upper(b), b.upper from {t}
-- subqueries
select (select 1), (select a from {t}), exists (select 1), array(select 1), array(select c from {t}), array(select ia from {t})
select (select 1,2)
select array(select 1,2)
select 1 in (select 1), a in (select i8 from {t}), a = any(select 2.5), a < all(select 1), (1,2) in (select 1,2), (1,2) = (select 1,2), (1,2) < (select 3,4) from {t}
select 1 in (select 1,2)
select (1,2) in (select 1)
select (1,2) = (select 1,2,3)
select (1,2) = (select 1)
select 1 = any(select 'a'::text)
select 1 + any(select 1)
select 'a' in (select 1)
select '5' in (select 1)
select c in (select b from {t}), b in (select c from {t}), n in (select a from {t}) from {t}
-- functions
select lower('A'), upper(c), length(b), length('a'), abs(-1), abs(1.5), abs(i2), round(1.5), round(f8), round(n, 2), round(n2) from {t}
select nosuch(1, 'a', null)
select nosuch.f(1)
select pg_catalog.nosuch(1)
select pg_catalog.lower('A')
select abs('x')
select abs(null)
select round('1.5', 2)
select lower(1)
select upper(*)
select lower(distinct 'a')
select lower('a') over ()
select lower('a') filter (where true)
select lower('a' order by 1)
select row_number()
select count()
select sum(*)
select percentile_cont(0.5)
select percentile_cont(0.5, 1) within group (order by 1.0)
select count(*) within group (order by 1)
select rank(1,2) within group (order by 1)
select min(1,2)
select count(distinct 1) over ()
select count(1 order by 1) over ()
select rank() filter (where true) over ()
select string_agg(distinct 'a', ',' order by 'b')
select count(distinct '{}'::json)
select count(*), count(a), count(distinct a), sum(a), sum(i2), sum(i8), sum(n), sum(f4), sum(f8), sum(iv), sum(m), avg(a), avg(f8), avg(iv), min(a), max(b), max(c), min(d), max(ch), bool_and(bo), every(bo), string_agg(b, ','), string_agg(c, ','), array_agg(a), array_agg(ia), array_agg(c), json_agg(a), jsonb_agg(t), json_object_agg(b, a), stddev(a), variance(n), corr(f8, f8), bit_or(a), count(t) from {t}
select sum(b) from {t}
select sum('1') from {t}
select sum(null) from {t}
select max(null), min('x')
select avg(bo) from {t}
select string_agg(a, ',') from {t}
select percentile_cont(0.5) within group (order by f8), percentile_disc(0.5) within group (order by b), mode() within group (order by a), rank(5) within group (order by a), percentile_cont(array[0.5]) within group (order by f8), rank(1, 'x') within group (order by a, b) from {t}
select array_agg(a order by b desc), string_agg(b, ',' order by a, b), count(*) filter (where a > 1), array_agg(distinct a order by a) from {t}
select count(*) filter (where a) from {t}
select row_number() over (), rank() over (order by a), sum(a) over (partition by b), lag(a) over (order by a), lag(a, 1, 0) over (), lead(b, 2) over (), first_value(c) over (), ntile(4) over (), nth_value(a, 2) over (), count(*) over (), percent_rank() over (), cume_dist() over () from {t}
select concat('a', 1, null), concat(variadic array[1,2]), concat_ws(',', 'a', 1), format('%s', 1), format('%s', variadic array[1,2]), json_build_object('a', 1), json_build_array(1,'x'), jsonb_build_object('k', array[1]), greatest(1), num_nulls(1, null)
select concat(variadic 1)
select json_build_object(variadic 3)
select make_interval(days => 3), make_interval(1, secs => 2.5), make_date(2020, 1, 1), make_interval(years := 1)
select make_interval(days => 3, days => 4)
select make_interval(days => 3, 4)
select make_interval(nosuch => 3)
select date('2020-01-01'), text(1), int4('5'), float8(1), name('x'), int8(2.5), bool('t')
select numeric(5)
select text(row(1,2))
select position('a' in 'b'), substring('abc' from 2), substring('abc' from 1 for 2), substring('abc', 'b'), substring('abc' similar 'b' escape '#'), overlay('abc' placing 'x' from 2 for 1), trim('  a '), trim(leading 'x' from 'xa'), trim(both from 'x'), extract(year from date '2020-01-01'), extract(epoch from now()), normalize('a'), normalize('a', nfc), 'a' is normalized, 'a' is not nfkc normalized, collation for ('a')
select position('a' in 1)
select extract(year from 1)
select extract(foo from d) from {t}
select now() at time zone 'UTC', ts at time zone 'UTC', tz at time zone 'UTC', ts at time zone iv, d at time zone 'UTC' from {t}
select (d, d) overlaps (d, d), (ts, iv) overlaps (ts, ts) from {t}
select (1,2) overlaps (3,4)
select current_date, current_time, current_time(3), current_timestamp, current_timestamp(2), localtime, localtime(1), localtimestamp, localtimestamp(6), current_role, current_user, user, session_user, current_catalog, current_schema
select to_char(now(), 'YYYY'), to_char(1, '9'), to_char(1.5, '9'), to_date('a','b'), to_timestamp(1), to_timestamp('a','b'), to_number('1','9'), date_trunc('day', d), date_trunc('day', ts), date_trunc('day', tt), date_trunc('day', iv), date_part('day', d), age(ts), age(ts, ts), age(tt) from {t}
select to_char(1)
select array_length(ia, 1), array_append(ia, 1), array_append(array[1], 2.5), array_cat(ia, ia), array_position(ta, 'x'), array_to_string(ia, ','), string_to_array('a', ','), unnest(ia), unnest(ta), cardinality(ia), array_remove(ia, 1), array_fill(0, array[2]), array_upper(ia, 1), array_dims(ia), array_ndims(ia), array_prepend(1, ia), array_replace(ia, 1, 2) from {t}
select array_append(array[1], 'x'::text)
select array_append(a, 1) from {t}
select array_cat('a','b')
select unnest('a')
select unnest(null)
select unnest(a) from {t}
select enum_first(null::int)
select generate_series(1,2), generate_series(1, 2.5), generate_series(ts, ts, iv), generate_series(now(), now(), '1 day'), generate_series(1::int8, 2), generate_subscripts(ia, 1) from {t}
select generate_series('a','b','c')
select generate_series(1,2) + generate_series(1,2)
select case when true then generate_series(1,2) end
select coalesce(generate_series(1,2), 1)
select 1 where generate_series(1,2) > 0
select lead(generate_series(1,2)) over ()
select sum(generate_series(1,2))
select 1 from generate_series(1, generate_series(1,2))
select json_each('{}'), jsonb_each_text('{}'), jsonb_array_elements('[]'), regexp_matches('a','b'), regexp_split_to_table('a','b'), json_object_keys('{}')
select (json_each('{}')).key, (json_each('{}')).value
select (json_each('{}')).nokey
select random(), pi(), sqrt(2), sqrt(2.0), power(2,3), power(2.0, 3), exp(1), ln(2.0), log(10), log(2, 8), floor(1.5), ceil(1.5::float8), trunc(1.5), trunc(n, 1), sign(-1), mod(5,3), mod(5, 3::int8), div(5,3), gcd(4, 6), width_bucket(5, 1, 10, 3), atan2(1,2), degrees(1), cbrt(8) from {t}
select mod('a', 1)
select mod(5.5::float8, 2)
select pg_typeof(1), pg_typeof('a'), quote_literal('a'), quote_ident('a'), quote_nullable(1), md5('a'), sha256('a'), encode('a', 'hex'), decode('61','hex'), repeat('a', 3), replace('a','b','c'), split_part('a',',',1), strpos('a','b'), left('a',1), right('a',1), lpad('a',3), rpad('a',3,'x'), initcap('a'), reverse('a'), translate('a','b','c'), ascii('a'), chr(65), btrim('a'), ltrim('a','x'), starts_with('a','b'), regexp_replace('a','b','c'), regexp_match('a','b'), char_length('a'), octet_length('a'), bit_length('a'), to_hex(1)
select to_hex(1.5)
select left(b, '2'), left(b, i8) from {t}
select to_json(1), to_jsonb('a'::text), to_json(t), row_to_json(t), jsonb_set('{}', '{a}', '1'), json_typeof('1'), jsonb_pretty('{}'), json_strip_nulls('{}'), json_extract_path('{}', 'a'), jsonb_array_length('[]') from {t}
select to_jsonb('a')
select to_json(null)
select int4range(1,2), numrange(1.5, 2), lower(r), upper(r), isempty(r), daterange('2020-01-01', '2020-02-01'), range_merge(r, r), lower_inc(r), multirange(r), unnest(int4multirange(r)) from {t}
select int4range(1,2) + 1
select range_merge(1, 2)
select coalesce(r, 1) from {t}
select nextval(1)
select format_type(23, null), pg_get_userbyid(10), has_table_privilege('x', 'select'), obj_description(1), col_description(1, 1), current_setting('x'), set_config('a','b',true), pg_backend_pid(), version(), current_database(), current_schemas(true), txid_current(), inet_server_addr(), pg_table_is_visible(1)
select grouping(a) from {t}
select default
select coalesce(default, 1)
-- parameters
select $1
select $1::int, $2::text
select $1 + 1, $2 || 'a', $3 = 'a'
select $1 + $2
select a = $1, b = $2, c = $3, n2 = $4, d = $5, ts > $6, ia = $7, a = any($8), jb @> $9, jb -> $10 from {t}
select d + $1 from {t}
select a + $1, iv * $2, ts - $3, a::text || $4 from {t}
select $1 = $1
select $1::int + $1
select $1::int, $1::text
select $1::int, $2, $1
select $2::int
select $0
select lower($1), abs($2), coalesce($3, 1), case when $4 then 1 else $5 end, greatest($6, 1.5), nullif($7, 1), round($8, $9)
select a in ($1, $2), a between $3 and $4, b like $5, b in ($6) from {t}
select array[$1, 1], array[$2]::int[], row($3::int, 1), ia[$4] from {t}
select $1 is null
select $1::int is null, $2 is true, not $3, $4 and true
select 1 limit $1 offset $2
select (select $1::int), exists (select $2 = 1), $3 in (select a from {t})
select count(*) filter (where $1), sum($2::int), string_agg($3, $4) from {t}
select date_trunc($1, now()), extract(year from $2::date), now() - $3, $4 at time zone 'UTC'
select to_jsonb($1)
select to_jsonb($1::text), concat($2::text, $3::int), json_build_object('a', $4::int)
select concat($1)
select $1 || $2
select $1 like $2
select $1 order by 1
select $1 union select 1
select ($1, $2) = (1, 'a'), ($3, 1) in ((1, 2))
-- collations
select 'a' collate "C" < 'b' collate "POSIX"
select 'a' collate "C" || 'b' collate "POSIX"
select max('a' collate "C" || b collate "POSIX") from {t}
select 'a' collate "C" < b, (b collate "C") || 'x' from {t}
select case when b collate "C" = 'x' then b end, coalesce(b collate "C", c) from {t}
-- names
select a+1, -a, (a), a::text, a::int8::text, 'x'::text, lower(b), b as "Q x", coalesce(a), case when true then a end, case when true then a else a end, case when true then 1 else 2 end, array[1], row(1), exists(select 1), (select a from {t}), (select 1), true, null, null::int, current_date, nullif(1,2), greatest(1), least(1), ia[1], (t).a, pg_catalog.lower('a'), now() at time zone 'x', extract(year from d), b collate "C", not true, a is null, a between 1 and 2, interval '1 day', date '2020-01-01', position('a' in 'b'), substring('a' from 1), trim('a'), 1::pg_catalog.int4, jb['a'], array(select 1), count(*) over (), (values (1)) from {t}
-- casts of subquery columns
select n in (select distinct a from {t}), n = any(select a from {t} order by a limit 1), n in (select 1 union select 2), (n, f8) in (select a, i2 from {t} union select 1, 2), n in (values (1), (2)), f8 <> all(select distinct i8 from {t}) from {t}
select (n, b) = (select 1, 'x'::text), (a, n) < (select 1, 2), $1 in (select b from {t}), a in (select x.a from (values (1)) x(a) where x.a = t.a) from {t}
-- nested forms
select case when a between $1 and $2 then array[a, $3] end, coalesce((select $4::int), a), (array[row(1,2)])[1], (select array[a] from {t})[1] from {t}
select (select t) from {t}
select count(*) filter (where (select true)), max((select 1)) from {t}
select array_agg(distinct b order by b desc nulls last), string_agg(distinct b, ',' order by b) from {t}
select string_agg(distinct b, ',' order by a) from {t}
select sum(sum(a)) from {t}
select sum(a) over (order by sum(a)) from {t} group by a
select count(count(*) over ()) from {t}
select 1 where count(*) > 1
select 1 where row_number() over () = 1
select sum(distinct a) over () from {t}
select lower(b, b) from {t}
select b.lower from (select 1) b
select length(b) = '5', length(b) = $1 from {t}
select overlay(b placing $1 from $2), substring(b from $3), trim($4 from b), position($5 in b), b similar to $6 from {t}
select d = current_date, ts < now(), tt < localtimestamp, ti < current_time from {t}
select interval '1 day' * 2, interval '1' hour + ti, '1 day'::interval / 2.5 from {t}
select 1::oid = 'x'
select '1'::oid, 1::regclass, 'int4'::regtype::text, o::regclass, o::int4, o::int8 from {t}
select 1.5::int, 1.5::int8, 1e10::int4, '1e3'::numeric, 'NaN'::float8, 'Infinity'::numeric, '-0'::float8
select '{1,2}'::int[] || '{3}', '{1}'::int[] = array[1], array[1,2] <@ '{1,2,3}', '[0:1]={1,2}'::int[]
select '(1,2)'::record
select row(1,2)::record, row(1,2)::text, null::record
select a::nosuch from {t}
select cast(a as varchar(3)), cast(b as char(2)), cast(n as numeric(4,1)), cast(ts as timestamp(0)), cast(iv as interval day), cast(ta as varchar(2)[]), cast(bi as bit(5)), b::varchar::text from {t}
select c || 'x', c::text, upper(c), c = 'x'::varchar(3), coalesce(c, c), c from {t} union select 'x', 'x', 'x', true, 'x', 'x'::varchar(10)
select jb -> 'a' -> 0 ->> 'b', jb #>> '{a,b}', jb::text, (jb -> 'a')::int, jb ->> 'a' = '1', (jb ->> 'a')::int + 1, jb @> $1, jb ? $2, jb ?| array['a'], jb ?& $3 from {t}
select json_build_object('k', a, b, n), jsonb_agg(jb order by a), jsonb_object_agg(b, a) from {t} group by a, b, n
select (j ->> 'a')::date, to_jsonb(ia), array_to_json(ia) from {t}
select not (a = 1) is true, (a = 1) = true, bo = (a > 1), bo <> true, (a > 1) = bo from {t}
select -a, - n, -iv, +a, -(-a), - 5 ^ 2, 2 ^ 3 ^ 2, 5 - 3 - 1, 2 + 3 * 4, not true or true from {t}
select $1 in (1, i8) from {t}
select $1 in (a, i8), ($2, $3) in ((1, 'x')), $4 in (a), $5 not in (d, ts) from {t}
select $1 in (a), ($2, $3) in ((1, 'x'), (2, 'y')), $4 in (1, 2, a) from {t}
select t.count, (t).json_agg from {t}
