-- PL/pgSQL: declarations, assignment, conditions, loops, returning.
create table t (id int primary key, v text, n int);
insert into t values (1, 'one', 10), (2, 'two', 20), (3, 'three', null);
create function f0() returns int language plpgsql as $$ begin return 1; end $$;
select f0(), f0() + 1;
create function add(a int, b int) returns int as $$
begin
  return a + b;
end;
$$ language plpgsql;
select add(1, 2), add(null, 1);
create function pos(int, int) returns int as $$ begin return $1 - $2; end $$ language plpgsql;
select pos(5, 3);
create function ali(int) returns int as $$
declare
  x alias for $1;
  y int := x * 2;
begin
  return y + 1;
end $$ language plpgsql;
select ali(10);
create function decl() returns text as $$
declare
  a int;
  b int := 5;
  c constant int default 7;
  d text not null := 'dee';
  e numeric(6,2) := 3.14159;
  f varchar(3) = 'abc';
  g date := '2020-02-29';
  h int[] := array[1,2,3];
  i bool;
begin
  return concat_ws('|', a, b, c, d, e, f, g, h, i is null);
end $$ language plpgsql;
select decl();
create function bad_const() returns int as $$ declare c constant int := 1; begin c := 2; return c; end $$ language plpgsql;
create function bad_nn() returns int as $$ declare c int not null; begin return c; end $$ language plpgsql;
create function bad_nn2() returns int as $$ declare c int not null := 1; begin c := null; return c; end $$ language plpgsql;
select bad_nn2();
create function long_v() returns text as $$ declare f varchar(3) := 'abcd'; begin return f; end $$ language plpgsql;
select long_v();
create function types() returns text as $$
declare
  a t.v%type := 'x';
  b t%rowtype;
  c t;
  d record;
  e a%type := 'again';
begin
  select * into b from t where id = 1;
  c := row(9, 'nine', 90);
  select 1 as x, 'y' as y into d;
  return a || b.v || b.n || c.v || c.n || d.x || d.y || e;
end $$ language plpgsql;
select types();
create function rec_unassigned() returns int as $$ declare r record; begin return r.x; end $$ language plpgsql;
select rec_unassigned();
create function rec_nofield() returns int as $$ declare r record; begin select 1 as a into r; return r.b; end $$ language plpgsql;
select rec_nofield();
create function rowvar_null() returns text as $$ declare r t; begin return coalesce(r.v, 'null!'); end $$ language plpgsql;
select rowvar_null();
create function arr() returns int[] as $$
declare a int[];
begin
  a[1] := 5;
  a[2] := a[1] + 1;
  a[4] := 9;
  return a;
end $$ language plpgsql;
select arr();
create function arr2() returns text as $$
declare a int[] := '{{1,2},{3,4}}'; s text[] := '{x,y,z}';
begin
  a[2][1] := 30;
  s[2:3] := '{Q,R}';
  return a::text || s::text || a[1][2];
end $$ language plpgsql;
select arr2();
create function recassign() returns t as $$
declare r t;
begin
  r.id := 5;
  r.v := 'five';
  r.n = 50;
  return r;
end $$ language plpgsql;
select recassign();
select * from recassign();
create type nested as (p int, q int[]);
create function nestassign() returns nested as $$
declare r nested;
begin
  r.p := 1;
  r.q := '{1,2,3}';
  r.q[2] := 22;
  return r;
end $$ language plpgsql;
select * from nestassign();
create function ifs(x int) returns text as $$
begin
  if x < 0 then
    return 'neg';
  elsif x = 0 then
    return 'zero';
  elseif x = 1 then
    return 'one';
  else
    if x > 100 then return 'big'; end if;
    return 'pos';
  end if;
end $$ language plpgsql;
select ifs(-1), ifs(0), ifs(1), ifs(5), ifs(500), ifs(null);
create function case1(x int) returns text as $$
begin
  case x
    when 1, 2 then return 'one or two';
    when 3 then return 'three';
    else return 'other';
  end case;
end $$ language plpgsql;
select case1(1), case1(2), case1(3), case1(4), case1(null);
create function case2(x int) returns text as $$
declare msg text;
begin
  case
    when x between 0 and 10 then msg := 'low';
    when x > 10 then msg := 'high';
  end case;
  return msg;
end $$ language plpgsql;
select case2(5), case2(50);
select case2(-5);
create function case3(x text) returns text as $$ begin case x when 'a' then return 'A'; when 'b', 'c' then return 'BC'; end case; end $$ language plpgsql;
select case3('a'), case3('c');
select case3('z');
create function loop1(n int) returns int as $$
declare i int := 0; s int := 0;
begin
  loop
    i := i + 1;
    exit when i > n;
    continue when i % 2 = 0;
    s := s + i;
  end loop;
  return s;
end $$ language plpgsql;
select loop1(10);
create function while1(n int) returns int as $$
declare s int := 0;
begin
  while n > 0 loop
    s := s + n;
    n := n - 1;
  end loop;
  return s;
end $$ language plpgsql;
select while1(4), while1(0);
create function for1(a int, b int) returns text as $$
declare s text := '';
begin
  for i in a..b loop s := s || i || ','; end loop;
  for i in reverse b..a loop s := s || i || ';'; end loop;
  for i in a..b by 2 loop s := s || i || '.'; end loop;
  for i in reverse b..a by 3 loop s := s || i || '!'; end loop;
  return s;
end $$ language plpgsql;
select for1(1, 5), for1(3, 1);
create function forbad() returns int as $$ begin for i in null..3 loop null; end loop; return 1; end $$ language plpgsql;
select forbad();
create function forbad2() returns int as $$ begin for i in 1..3 by 0 loop null; end loop; return 1; end $$ language plpgsql;
select forbad2();
create function labels() returns text as $$
<<outer_block>>
declare s text := ''; x int := 1;
begin
  <<l1>>
  for i in 1..3 loop
    <<l2>>
    for j in 1..3 loop
      continue l1 when j = 2 and i = 2;
      exit l1 when i = 3;
      s := s || i || j || ' ';
    end loop l2;
  end loop l1;
  declare x int := 2;
  begin
    s := s || outer_block.x || x;
    exit outer_block when x = 2;
    s := 'not reached';
  end;
  return 'never';
end outer_block $$ language plpgsql;
select labels();
create function labels2() returns text as $$
<<b>>
declare s text := '';
begin
  <<inner_b>>
  begin
    s := 'in';
    exit inner_b;
    s := 'bad';
  end;
  return b.s || labels2.found;
end $$ language plpgsql;
select labels2();
create function forq() returns text as $$
declare r record; s text := '';
begin
  for r in select id, v from t order by id loop
    s := s || r.id || r.v || ' ';
  end loop;
  return s || found;
end $$ language plpgsql;
select forq();
create function forq2() returns text as $$
declare a int; b text; s text := '';
begin
  for a, b in select id, v from t order by id desc loop
    s := s || a || b || ' ';
  end loop;
  for a in select 1 where false loop s := 'no'; end loop;
  return s || found || coalesce(a::text, 'null');
end $$ language plpgsql;
select forq2();
create function forrow() returns int as $$
declare r t%rowtype; s int := 0;
begin
  for r in select * from t loop s := s + coalesce(r.n, 1000); end loop;
  return s;
end $$ language plpgsql;
select forrow();
create function fordyn(tab text) returns bigint as $$
declare r record; s bigint := 0;
begin
  for r in execute 'select id from ' || quote_ident(tab) || ' where id > $1' using 1 loop
    s := s + r.id;
  end loop;
  return s;
end $$ language plpgsql;
select fordyn('t');
select fordyn('nope');
create function foreach1(a int[]) returns text as $$
declare x int; s text := '';
begin
  foreach x in array a loop s := s || coalesce(x::text, 'N') || '-'; end loop;
  return s || found;
end $$ language plpgsql;
select foreach1('{1,2,3}'), foreach1('{{1,2},{3,null}}'), foreach1('{}');
select foreach1(null);
create function foreach2(a int[]) returns text as $$
declare x int[]; s text := '';
begin
  foreach x slice 1 in array a loop s := s || x::text; end loop;
  return s;
end $$ language plpgsql;
select foreach2('{{1,2},{3,4}}');
create function foreach3(a int[]) returns text as $$ declare x int[]; begin foreach x slice 3 in array a loop null; end loop; return ''; end $$ language plpgsql;
select foreach3('{1,2}');
create function into1() returns text as $$
declare a int; b text; c int;
begin
  select id, v, n into a, b, c from t where id = 2;
  return a || b || c || found;
end $$ language plpgsql;
select into1();
create function into_none() returns text as $$
declare a int := 5;
begin
  select id into a from t where id = 99;
  return coalesce(a::text, 'null') || found;
end $$ language plpgsql;
select into_none();
create function into_many() returns int as $$ declare a int; begin select id into a from t order by id desc; return a; end $$ language plpgsql;
select into_many();
create function into_strict(x int) returns int as $$ declare a int; begin select id into strict a from t where id >= x; return a; end $$ language plpgsql;
select into_strict(3);
select into_strict(99);
select into_strict(1);
create function into_rec() returns text as $$ declare r record; begin select * into r from t where id = 1; return r::text || r.v; end $$ language plpgsql;
select into_rec();
create function into_few() returns text as $$ declare a int; b int; begin select 1 into a, b; return coalesce(b::text, 'null'); end $$ language plpgsql;
select into_few();
create function ins(i int, tx text) returns int as $$
declare r int;
begin
  insert into t values (i, tx, i * 10) returning n into r;
  return r;
end $$ language plpgsql;
select ins(4, 'four');
select ins(4, 'dup');
select * from t where id = 4;
create function upd() returns text as $$
declare c bigint;
begin
  update t set n = coalesce(n, 0) + 1 where id > 2;
  get diagnostics c = row_count;
  return c || ' ' || found;
end $$ language plpgsql;
select upd();
create function del(x int) returns text as $$ begin delete from t where id = x; return found::text; end $$ language plpgsql;
select del(4), del(99);
create function perf() returns text as $$ begin perform * from t where id = 1; if found then return 'yes'; end if; return 'no'; end $$ language plpgsql;
select perf();
create function noresult() returns int as $$ begin select 1; return 1; end $$ language plpgsql;
select noresult();
create function noret() returns int as $$ begin null; end $$ language plpgsql;
select noret();
create function vd() returns void as $$ begin perform 1; end $$ language plpgsql;
select vd();
create function vd2() returns void as $$ begin return; end $$ language plpgsql;
select vd2() is null;
create function outp(a int, out b int, out c text) as $$ begin b := a * 2; c := 'c' || a; end $$ language plpgsql;
select outp(3);
select * from outp(4);
select (outp(5)).c;
create function inoutp(inout a int) as $$ begin a := a + 1; end $$ language plpgsql;
select inoutp(1);
create function setof1(n int) returns setof int as $$
begin
  for i in 1..n loop return next i * i; end loop;
  return;
end $$ language plpgsql;
select * from setof1(4);
select setof1(3);
select sum(x) from setof1(10) x;
create function setof_t() returns setof t as $$
declare r t;
begin
  for r in select * from t order by id loop
    r.v := upper(r.v);
    return next r;
  end loop;
end $$ language plpgsql;
select * from setof_t();
select v, n from setof_t() where id < 3;
create function tabf(n int) returns table (a int, b text) as $$
begin
  for i in 1..n loop
    a := i; b := 'row ' || i;
    return next;
  end loop;
end $$ language plpgsql;
select * from tabf(3);
select b from tabf(2);
create function rq() returns setof t as $$
begin
  return query select * from t where id = 1;
  return query select * from t where id = 2;
  if not found then return; end if;
  return query execute 'select * from t where id = $1' using 3;
end $$ language plpgsql;
select * from rq();
create function rq_bad() returns setof t as $$ begin return query select 1, 'x'::text; end $$ language plpgsql;
select * from rq_bad();
create function rq_bad2() returns table (a int, b text) as $$ begin return query select 1, 2; end $$ language plpgsql;
select * from rq_bad2();
create function recset() returns setof record as $$ begin return query select 1, 'a'::text; return next (2, 'b'::text); end $$ language plpgsql;
select * from recset() as (x int, y text);
create function poly(anyelement) returns anyarray as $$ declare r $0%type; begin return array[$1, $1]; end $$ language plpgsql;
create function poly2(a anyelement, b anyelement) returns anyelement as $$ begin if a > b then return a; end if; return b; end $$ language plpgsql;
select poly2(1, 2), poly2('b'::text, 'a'), poly2(1.5, 0.5);
create function polyarr(anyelement) returns anyarray as $$ begin return array[$1, $1]; end $$ language plpgsql;
select polyarr(1), polyarr('x'::text);
create function vari(variadic a int[]) returns int as $$ declare s int := 0; x int; begin foreach x in array a loop s := s + x; end loop; return s; end $$ language plpgsql;
select vari(1, 2, 3), vari(variadic '{4,5}');
create function deflt(a int, b int default 10) returns int as $$ begin return a * b; end $$ language plpgsql;
select deflt(2), deflt(2, 3), deflt(b => 4, a => 5);
create function fact(n int) returns numeric as $$ begin if n <= 1 then return 1; end if; return n * fact(n - 1); end $$ language plpgsql;
select fact(10), fact(25);
create function conflict() returns int as $$ declare id int := 1; r int; begin select id into r from t where id = 2; return r; end $$ language plpgsql;
select conflict();
create function conflict_v() returns int as $$ #variable_conflict use_variable
declare id int := 1; r int; begin select id into r from t limit 1; return r; end $$ language plpgsql;
select conflict_v();
create function conflict_c() returns int as $$
#variable_conflict use_column
declare id int := 77; r int; begin select id into r from t where t.id = 2; return r; end $$ language plpgsql;
select conflict_c();
create function qual(v text) returns text as $$ declare r text; begin select t.v into r from t where t.v = qual.v; return r; end $$ language plpgsql;
select qual('two');
create function castret() returns int as $$ begin return '42'; end $$ language plpgsql;
select castret();
create function castret2() returns int as $$ begin return 'abc'; end $$ language plpgsql;
select castret2();
create function castnum() returns int as $$ begin return 42.6; end $$ language plpgsql;
select castnum();
create function assigncast() returns text as $$ declare i int; n numeric; b boolean; begin i := 3.7; n := '5.50'; b := 'yes'; return i || ' ' || n || ' ' || b; end $$ language plpgsql;
select assigncast();
create domain posint as int check (value > 0);
create function dom(x int) returns posint as $$ declare p posint := 1; begin p := x; return p; end $$ language plpgsql;
select dom(5);
select dom(-5);
create function ov(int) returns text as $$ begin return 'int'; end $$ language plpgsql;
create function ov(text) returns text as $$ begin return 'text'; end $$ language plpgsql;
select ov(1), ov('x');
create function strictf(a int, b int) returns int strict as $$ begin return a + b; end $$ language plpgsql;
select strictf(1, null) is null, strictf(1, 2);
select id, add(id, n) from t order by id;
select id from t where add(id, 1) > 2 order by 1;
select v from t order by ifs(id - 2), id;
create view vw as select id, ifs(id) as k from t;
select * from vw order by 1;
select count(*) from generate_series(1, 100) g where ifs(g) = 'pos';
create table usesf (a int default add(1, 2), b int check (add(b, 0) > 0));
insert into usesf (b) values (1);
insert into usesf (b) values (-1);
select * from usesf;
insert into t select 100 + setof1, 'gen', add(setof1, 1) from setof1(2);
select * from t where id > 100 order by id;
update t set n = add(n, 1) where id = 101;
select n from t where id = 101;
