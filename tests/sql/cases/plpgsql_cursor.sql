-- PL/pgSQL: cursors, EXECUTE, procedures, CALL, DO, transaction control.
create table t (id int primary key, v text);
insert into t select g, 'v' || g from generate_series(1, 5) g;
create function c1() returns text as $$
declare
  c cursor for select id, v from t order by id;
  a int; b text; s text := '';
begin
  open c;
  loop
    fetch c into a, b;
    exit when not found;
    s := s || a || b || ' ';
  end loop;
  close c;
  return s;
end $$ language plpgsql;
select c1();
create function c2(lim int) returns text as $$
declare
  c cursor (k int, pat text) for select * from t where id <= k and v like pat order by id;
  r t; s text := '';
begin
  open c(lim, 'v%');
  fetch c into r; s := s || r.id;
  close c;
  open c(pat := '%3', k := 5);
  fetch c into r; s := s || r.id;
  close c;
  for x in c(2, 'v%') loop s := s || '[' || x.id || x.v || ']'; end loop;
  return s;
end $$ language plpgsql;
select c2(3);
create function c3() returns text as $$
declare c scroll cursor for select id from t order by id; a int; s text := '';
begin
  open c;
  fetch last from c into a; s := s || a;
  fetch prior from c into a; s := s || a;
  fetch first from c into a; s := s || a;
  fetch absolute 3 from c into a; s := s || a;
  fetch relative -1 from c into a; s := s || a;
  fetch relative 2 from c into a; s := s || a;
  move backward 2 from c; fetch next from c into a; s := s || a;
  move forward 10 from c; s := s || found;
  fetch c into a; s := s || coalesce(a::text, 'null') || found;
  fetch backward from c into a; s := s || a;
  close c;
  return s;
end $$ language plpgsql;
select c3();
create function c4() returns refcursor as $$
declare r refcursor := 'mycur';
begin
  open r for select id, v from t order by id;
  return r;
end $$ language plpgsql;
begin;
select c4();
fetch 2 from mycur;
fetch all from mycur;
close mycur;
commit;
create function c5(r refcursor) returns refcursor as $$ begin open r for execute 'select v from t where id > $1 order by 1' using 3; return r; end $$ language plpgsql;
begin;
select c5('dyn');
fetch all in dyn;
rollback;
create function c6() returns text as $$
declare r refcursor; a int; b refcursor;
begin
  open r for select 1;
  b := r;
  fetch b into a;
  return r::text || a;
end $$ language plpgsql;
begin;
select c6() is not null;
rollback;
create function c7() returns int as $$ declare c cursor for select 1; begin open c; open c; return 1; end $$ language plpgsql;
select c7();
create function c8() returns int as $$ declare c cursor for select 1; a int; begin fetch c into a; return 1; end $$ language plpgsql;
select c8();
create function c9() returns int as $$ declare c refcursor; a int; begin fetch c into a; return 1; end $$ language plpgsql;
select c9();
create function c10() returns int as $$ declare c no scroll cursor for select 1; a int; begin open c; fetch prior from c into a; return 1; end $$ language plpgsql;
select c10();
create function c11() returns int as $$ declare c cursor (a int) for select a; begin open c; return 1; end $$ language plpgsql;
create function c12() returns int as $$ declare c cursor for select 1; begin open c(1); return 1; end $$ language plpgsql;
create function c13() returns int as $$ declare c cursor (a int) for select a; begin open c(1, 2); return 1; end $$ language plpgsql;
create function c14() returns int as $$ declare c cursor (a int, b int) for select a; begin open c(1); return 1; end $$ language plpgsql;
create function c15() returns int as $$ declare c cursor (a int) for select a; begin open c(nope := 1); return 1; end $$ language plpgsql;
create function c16() returns int as $$ declare x int; begin open x for select 1; return 1; end $$ language plpgsql;
create function c17() returns int as $$ declare c cursor for select 1; r refcursor; begin for x in r loop null; end loop; return 1; end $$ language plpgsql;
create function c18() returns int as $$ declare c cursor for insert into t values (99, 'x') returning id; begin open c; return 1; end $$ language plpgsql;
create function c19() returns int as $$ declare c cursor for select 1; a int; begin open c; fetch 2 from c into a; return 1; end $$ language plpgsql;
create function c20() returns int as $$ declare c cursor for select id from t order by id; n int := 0; begin for r in c loop n := n + r.id; exit when n > 4; end loop; return n; end $$ language plpgsql;
select c20();
create function c21() returns text as $$ declare c refcursor; r record; s text := ''; begin open c for select * from t order by id desc; loop fetch c into r; exit when not found; s := s || r.v; end loop; close c; return s; end $$ language plpgsql;
select c21();
create function e1(tab text, col text, val int) returns bigint as $$
declare n bigint;
begin
  execute format('select count(*) from %I where %I >= $1', tab, col) into n using val;
  return n;
end $$ language plpgsql;
select e1('t', 'id', 3), e1('t', 'id', 99);
create function e2() returns text as $$
declare a int; b text; r record;
begin
  execute 'select id, v from t where id = $1' into a, b using 2;
  execute 'select 1 as x, 2 as y' into r;
  return a || b || r.x || r.y;
end $$ language plpgsql;
select e2();
create function e3() returns text as $$
declare n int; f bool;
begin
  perform 1 where false;
  execute 'update t set v = v || ''!'' where id > 3';
  f := found;
  get diagnostics n = row_count;
  return n || ' ' || f;
end $$ language plpgsql;
select e3();
create function e4() returns int as $$ declare a int; begin execute 'select 1 where false' into strict a; return a; end $$ language plpgsql;
select e4();
create function e5() returns int as $$ declare a int; begin execute 'select id from t' into strict a; return a; end $$ language plpgsql;
select e5();
create function e6() returns text as $$
begin
  execute 'create table made (a int)';
  execute 'insert into made values ($1), ($2)' using 1, 2;
  insert into made values (3);
  execute 'drop table made';
  return 'ok';
end $$ language plpgsql;
select e6();
create function e7() returns text as $$
begin
  create table made2 (a int, b text default 'd');
  insert into made2 (a) values (1), (2);
  alter table made2 add column c int default 5;
  return (select string_agg(a || b || c, ',' order by a) from made2);
end $$ language plpgsql;
select e7();
select * from made2 order by a;
drop table made2;
create function e8() returns text as $$ begin execute 'select $1 + $2' using 1; return ''; end $$ language plpgsql;
select e8();
create function e9() returns int as $$ declare x int; begin execute 'select ' || 'sum(id) from t' into x; return x; end $$ language plpgsql;
select e9();
create function e10() returns int as $$ begin execute 'select 1; select 2'; return 1; end $$ language plpgsql;
select e10();
create procedure p1(a int, b text) as $$ begin insert into t values (a, b); end $$ language plpgsql;
call p1(10, 'ten');
call p1(a => 11, b => 'eleven');
select * from t where id > 5 order by id;
select p1(1, 'x');
call p1(1);
call p1(10, 'dup');
create procedure p2(inout a int, out b text, c int default 5) as $$ begin a := a + c; b := 'out' || a; end $$ language plpgsql;
call p2(1, null);
call p2(1, null, 10);
call p2(c => 3, a => 2, b => null);
create procedure p3() as $$
declare x int := 5; y text;
begin
  call p2(x, y);
  raise notice 'x = %, y = %', x, y;
  call p2(x, y, 100);
  raise notice 'x = %, y = %', x, y;
end $$ language plpgsql;
call p3();
create procedure p4() as $$ begin call p2(1, null); end $$ language plpgsql;
call p4();
create procedure p5(n int) as $$
begin
  for i in 1..n loop
    insert into t values (100 + i, 'tx');
    if i % 2 = 0 then commit; else rollback; end if;
  end loop;
end $$ language plpgsql;
call p5(5);
select id from t where id > 100 order by id;
begin;
call p5(2);
rollback;
create procedure p6() as $$ begin insert into t values (300, 'x'); commit; raise exception 'after commit'; end $$ language plpgsql;
call p6();
select id from t where id = 300;
create procedure p7() as $$ begin begin insert into t values (400, 'x'); commit; exception when others then raise notice '%', sqlerrm; end; end $$ language plpgsql;
call p7();
create procedure p8() as $$ begin return; end $$ language plpgsql;
call p8();
create procedure p9() as $$ begin return 1; end $$ language plpgsql;
create procedure p10() as $$ begin insert into t values (500, 'x'); rollback and chain; insert into t values (501, 'y'); commit and chain; end $$ language plpgsql;
call p10();
select id from t where id >= 500;
create function f_calls() returns int as $$ begin call p1(600, 'in function'); return 1; end $$ language plpgsql;
select f_calls();
create function f_commit() returns int as $$ begin call p5(2); return 1; end $$ language plpgsql;
select f_commit();
do $$ begin raise notice 'hello from do'; end $$;
do language plpgsql $$ declare r record; begin for r in select * from t where id < 3 order by id loop raise notice '% %', r.id, r.v; end loop; end $$;
do $$ begin insert into t values (700, 'do'); commit; insert into t values (701, 'do2'); rollback; end $$;
select id from t where id >= 700;
do $$ begin perform 1/0; end $$;
do $$ bad $$;
do $$ begin return; raise notice 'never'; end $$;
do $$ begin return 1; end $$;
do language nolang $$ x $$;
do 'begin raise notice ''quoted''; end';
do $$ <<lbl>> declare x int := 1; begin raise notice '%', lbl.x; end $$;
do $$
declare
  x int := 0;
begin
  for i in 1..1000 loop
    x := x + i;
  end loop;
  raise notice 'sum %', x;
end $$;
create function sd() returns text security definer as $$ begin return current_user::text; end $$ language plpgsql;
select sd();
create function setf() returns text set datestyle = 'SQL, DMY' as $$ begin return '2020-01-31'::date::text; end $$ language plpgsql;
select setf(), '2020-01-31'::date::text;
create function setlocal() returns text as $$ begin perform set_config('work_mem', '7MB', false); return current_setting('work_mem'); end $$ language plpgsql;
select setlocal();
show work_mem;
reset work_mem;
create schema s2;
create table s2.t (id int, only_s2 text);
insert into s2.t values (1, 'two');
create function sp() returns text set search_path = s2 as $$ declare r record; begin select * into r from t; return r.only_s2; end $$ language plpgsql;
select sp();
create function temp_use() returns int as $$
begin
  create temp table tmp_f (a int);
  insert into tmp_f values (1), (2);
  return (select count(*) from tmp_f);
end $$ language plpgsql;
select temp_use();
select * from tmp_f order by 1;
drop table tmp_f;
select temp_use();
create function seqs() returns bigint as $$ begin return nextval('sq') + currval('sq'); end $$ language plpgsql;
create sequence sq;
select seqs();
create function mutual_a(n int) returns text as $$ begin if n = 0 then return 'a'; end if; return 'a' || mutual_b(n - 1); end $$ language plpgsql;
create function mutual_b(n int) returns text as $$ begin if n = 0 then return 'b'; end if; return 'b' || mutual_a(n - 1); end $$ language plpgsql;
select mutual_a(5);
create or replace function mutual_b(n int) returns text as $$ begin return '!'; end $$ language plpgsql;
select mutual_a(5);
create function cte_dml() returns int as $$ declare n int; begin with d as (delete from t where id = 600 returning id) select count(*) into n from d; return n; end $$ language plpgsql;
select cte_dml();
create function js(j jsonb) returns text as $$ declare k text; r text := ''; begin for k in select jsonb_object_keys(j) loop r := r || k || (j->>k); end loop; j['new'] := '5'; return r || j::text; end $$ language plpgsql;
select js('{"a": 1, "b": "x"}');
create function composite_arg(r t) returns text as $$ begin return r.id || ':' || r.v; end $$ language plpgsql;
select composite_arg(t) from t where id < 3 order by id;
select composite_arg(row(1, 'q'));
create function arr_of_rec() returns text as $$ declare a t[]; r t; s text := ''; begin a := array(select t from t where id < 3 order by id); foreach r in array a loop s := s || r.v; end loop; return s || a[2].v; end $$ language plpgsql;
select arr_of_rec();
create function upd_ret() returns text as $$ declare r record; begin update t set v = 'upd' where id = 1 returning * into r; return r.v || found; end $$ language plpgsql;
select upd_ret();
create function del_ret() returns text as $$ declare a int; begin delete from t where id in (2, 3) returning id into a; return a::text; end $$ language plpgsql;
select del_ret();
create function ins_sel() returns int as $$ declare n int; begin insert into t select 800 + g, 'g' from generate_series(1, 3) g; get diagnostics n = row_count; return n; end $$ language plpgsql;
select ins_sel();
