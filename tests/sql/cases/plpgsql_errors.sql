-- PL/pgSQL: exceptions, RAISE, ASSERT, diagnostics, compile errors.
create table t (id int primary key, v text check (v <> 'bad'), n int not null default 0);
create function div(a int, b int) returns int as $$
begin
  return a / b;
exception
  when division_by_zero then
    raise notice 'caught: % %', sqlstate, sqlerrm;
    return -1;
end $$ language plpgsql;
select div(6, 3), div(1, 0);
create function multi(x int) returns text as $$
begin
  if x = 1 then perform 1/0; end if;
  if x = 2 then perform 'abc'::int; end if;
  if x = 3 then insert into t values (1, 'a'); insert into t values (1, 'b'); end if;
  if x = 4 then insert into t values (2, 'bad'); end if;
  if x = 5 then insert into t values (3, 'x', null); end if;
  if x = 6 then raise exception 'mine'; end if;
  if x = 7 then raise sqlstate 'XY123'; end if;
  if x = 8 then perform nosuch(); end if;
  if x = 9 then execute 'selec'; end if;
  if x = 10 then perform * from nosuchtable; end if;
  if x = 11 then raise no_data_found; end if;
  return 'none';
exception
  when division_by_zero then return 'div';
  when invalid_text_representation then return 'text ' || sqlerrm;
  when unique_violation then return 'unique ' || sqlerrm;
  when check_violation or not_null_violation then return 'check/null ' || sqlstate;
  when raise_exception then return 'raised ' || sqlerrm;
  when sqlstate 'XY123' then return 'custom ' || sqlerrm;
  when undefined_function then return 'nofunc ' || sqlerrm;
  when syntax_error then return 'syntax';
  when others then return 'others ' || sqlstate || ' ' || sqlerrm;
end $$ language plpgsql;
select multi(0), multi(1), multi(2);
select multi(3), multi(4), multi(5);
select multi(6), multi(7), multi(8);
select multi(9), multi(10), multi(11);
select count(*) from t;
create function rollback_effects() returns int as $$
declare c int;
begin
  insert into t values (10, 'keep');
  begin
    insert into t values (11, 'gone');
    raise exception 'undo';
  exception when others then
    insert into t values (12, 'handler');
  end;
  select count(*) into c from t;
  return c;
end $$ language plpgsql;
select rollback_effects();
select id, v from t order by id;
create function nested_exc() returns text as $$
declare r text := '';
begin
  begin
    begin
      perform 1/0;
    exception when unique_violation then
      r := r || 'wrong';
    end;
    r := r || 'never';
  exception when division_by_zero then
    r := r || 'outer';
    begin
      raise exception 'second';
    exception when others then
      r := r || ' ' || sqlerrm;
    end;
    r := r || ' ' || sqlerrm;
  end;
  return r;
end $$ language plpgsql;
select nested_exc();
create function rethrow() returns int as $$
begin
  perform 1/0;
exception when others then
  raise notice 'about to rethrow %', sqlerrm;
  raise;
end $$ language plpgsql;
select rethrow();
create function handler_error() returns int as $$
begin
  perform 1/0;
exception when others then
  raise exception 'new error' using hint = 'a hint', detail = 'a detail', errcode = '22012';
end $$ language plpgsql;
select handler_error();
create function vars_survive() returns int as $$
declare x int := 1;
begin
  begin
    x := 2;
    perform 1/0;
  exception when others then
    x := x + 10;
  end;
  return x;
end $$ language plpgsql;
select vars_survive();
create function class_match() returns text as $$
begin
  perform 'x'::date;
exception when data_exception then return 'class 22: ' || sqlstate;
end $$ language plpgsql;
select class_match();
create function diag() returns text as $$
declare a text; b text; c text; d text; e text; f text; g text; h text;
begin
  insert into t values (50, 'bad');
  return 'no';
exception when others then
  get stacked diagnostics a = returned_sqlstate, b = message_text, c = pg_exception_detail, d = pg_exception_hint,
    e = constraint_name, f = table_name, g = schema_name, h = column_name;
  return concat_ws('|', a, b, c, d, e, f, g, h);
end $$ language plpgsql;
select diag();
create function diag2() returns text as $$
declare a text; b text; c text;
begin
  raise exception 'msg %', 1 using errcode = 'unique_violation', detail = 'the detail', hint = 'the hint', column = 'col', constraint = 'con', datatype = 'dt', table = 'tab', schema = 'sch';
exception when unique_violation then
  get stacked diagnostics a = pg_exception_detail, b = pg_exception_hint, c = column_name;
  return concat_ws('|', sqlerrm, a, b, c);
end $$ language plpgsql;
select diag2();
create function ctx_inner() returns int as $$ begin perform 1/0; return 1; end $$ language plpgsql;
create function ctx() returns text as $$
declare c text;
begin
  perform ctx_inner();
  return '';
exception when others then
  get stacked diagnostics c = pg_exception_context;
  return c;
end $$ language plpgsql;
select ctx();
create function cur_diag() returns text as $$
declare c int; o oid; x text;
begin
  insert into t select 200 + g, 'x' from generate_series(1, 3) g;
  get current diagnostics c = row_count, o = pg_routine_oid;
  get diagnostics x = pg_context;
  return c || ' ' || o::regproc || ' ' || x;
end $$ language plpgsql;
select cur_diag();
create function raises() returns void as $$
begin
  raise debug 'debug';
  raise log 'log';
  raise info 'info %', 1;
  raise notice 'notice % and %', 'a', null;
  raise warning 'warning 100%%';
  raise notice '%', array[1,2];
  raise notice '%', row(1, 'x');
  raise notice using message = 'only using', hint = 'h', detail = 'd';
  raise notice 'with using' using errcode = '01234';
end $$ language plpgsql;
select raises();
create function r1() returns int as $$ begin raise exception 'plain'; end $$ language plpgsql;
select r1();
create function r2() returns int as $$ begin raise exception 'with %', 'param' using errcode = 'P1234', hint = 'hint!', detail = 'more'; end $$ language plpgsql;
select r2();
create function r3() returns int as $$ begin raise unique_violation using message = 'dup', constraint = 'cc', table = 'tt', schema = 'ss', column = 'co', datatype = 'da'; end $$ language plpgsql;
select r3();
create function r4() returns int as $$ begin raise division_by_zero; end $$ language plpgsql;
select r4();
create function r5() returns int as $$ begin raise sqlstate '22012'; end $$ language plpgsql;
select r5();
create function r6() returns int as $$ begin raise; end $$ language plpgsql;
select r6();
create function r7() returns int as $$ begin raise exception 'x' using message = 'y'; end $$ language plpgsql;
select r7();
create function r8() returns int as $$ begin raise exception using errcode = 'nosuch'; end $$ language plpgsql;
select r8();
create function r9() returns int as $$ begin raise exception 'x' using detail = null; end $$ language plpgsql;
select r9();
create function r10() returns int as $$ begin raise exception '% %', 1; end $$ language plpgsql;
create function r11() returns int as $$ begin raise exception '%', 1, 2; end $$ language plpgsql;
create function r12() returns int as $$ begin raise nosuch_condition; end $$ language plpgsql;
create function r13() returns int as $$ begin raise sqlstate 'abc'; end $$ language plpgsql;
create function r14() returns int as $$ begin raise exception 'x' using nothing = 1; end $$ language plpgsql;
create function asr(x int) returns int as $$ begin assert x > 0; assert x < 100, 'too big: ' || x; return x; end $$ language plpgsql;
select asr(5);
select asr(0);
select asr(500);
create function asr2() returns text as $$ begin assert false, 'no catch'; return 'x'; exception when others then return 'caught'; end $$ language plpgsql;
select asr2();
create function asr3() returns text as $$ begin assert null; return 'x'; exception when assert_failure then return 'caught ' || sqlerrm; end $$ language plpgsql;
select asr3();
set plpgsql.check_asserts = off;
select asr(0);
reset plpgsql.check_asserts;
select sqlerrm;
create function no_handler_diag() returns int as $$ declare x text; begin get stacked diagnostics x = message_text; return 1; end $$ language plpgsql;
select no_handler_diag();
create function s1() returns int as $$ begin return 1 end $$ language plpgsql;
create function s2() returns int as $$ begin if 1 return 1; end if; end $$ language plpgsql;
create function s3() returns int as $$ begin loop return 1; end $$ language plpgsql;
create function s4() returns int as $$ begin x := 1; return 1; end $$ language plpgsql;
create function s5() returns int as $$ declare x int begin return 1; end $$ language plpgsql;
create function s6() returns int as $$ declare x int; x text; begin return 1; end $$ language plpgsql;
create function s7() returns int as $$ declare x nosuchtype; begin return 1; end $$ language plpgsql;
create function s8() returns int as $$ declare x nosuch.col%type; begin return 1; end $$ language plpgsql;
create function s9() returns int as $$ declare x t.nocol%type; begin return 1; end $$ language plpgsql;
create function s10() returns int as $$ declare x nosuch%rowtype; begin return 1; end $$ language plpgsql;
create function s11() returns int as $$ begin exit; return 1; end $$ language plpgsql;
create function s12() returns int as $$ begin exit nolabel; return 1; end $$ language plpgsql;
create function s13() returns int as $$ begin continue; return 1; end $$ language plpgsql;
create function s14() returns int as $$ <<a>> begin return 1; end b $$ language plpgsql;
create function s15() returns int as $$ begin return 1; end b $$ language plpgsql;
create function s16() returns void as $$ begin return 1; end $$ language plpgsql;
create function s17() returns int as $$ begin return; end $$ language plpgsql;
create function s18() returns int as $$ begin return next 1; end $$ language plpgsql;
create function s19() returns setof int as $$ begin return 1; end $$ language plpgsql;
create function s20(out a int) as $$ begin return 1; end $$ language plpgsql;
create function s21() returns int as $$ begin select 1 +; return 1; end $$ language plpgsql;
create function s22() returns int as $$ begin return (1; end $$ language plpgsql;
create function s23() returns int as $$ declare a int; begin select 1 into a into a; return 1; end $$ language plpgsql;
create function s24() returns int as $$ begin select 1 into nosuch; return 1; end $$ language plpgsql;
create function s25() returns int as $$ begin for i in 1 .. loop null; end loop; return 1; end $$ language plpgsql;
create function s26() returns int as $$ begin for x in select 1 loop null; end loop; return 1; end $$ language plpgsql;
create function s27() returns int as $$ begin null; exception when nosuch_cond then null; end $$ language plpgsql;
create function s28() returns int as $$ begin get diagnostics x = row_count; end $$ language plpgsql;
create function s29() returns int as $$ declare x int; begin get diagnostics x = nosuch; end $$ language plpgsql;
create function s30() returns int as $$ declare x text; begin get diagnostics x = message_text; end $$ language plpgsql;
create function s31() returns int as $$ $$ language plpgsql;
create function s32() returns int as $$ begin $$ language plpgsql;
create function s33() returns int as $$ begin return 1; end; garbage $$ language plpgsql;
create function s34() returns int as $$ declare r record; a int; begin select 1, 2 into r, a; return 1; end $$ language plpgsql;
create function s35() returns int as $$ begin if then null; end if; end $$ language plpgsql;
create function s36() returns int as $$
declare
  x int;
begin
  x := 'a' ||;
  return x;
end $$ language plpgsql;
create function s37() returns int as 'begin
  return ''it''''s'' +;
end' language plpgsql;
create function s38() returns trigger as $$ begin return new; end $$ language plpgsql;
select s38();
create function s39(a int) returns trigger as $$ begin return new; end $$ language plpgsql;
create function s40() returns cstring as $$ begin return 'x'; end $$ language plpgsql;
create function s41() returns int as $$ declare x constant int; begin return x; end $$ language plpgsql;
create function s42() returns int as $$ declare f text := 'x'; begin f[1] := 2; return 1; end $$ language plpgsql;
select s42();
create function s43() returns int as $$ begin return nosuchvar; end $$ language plpgsql;
select s43();
create function s44() returns int as $$ begin insert into nosuch values (1); return 1; end $$ language plpgsql;
select s44();
create function s45() returns int as $$ begin return 1, 2; end $$ language plpgsql;
select s45();
create function s46() returns int as $$ begin return (select id from t); end $$ language plpgsql;
select s46();
create function s47() returns int as $$ begin return id from t; end $$ language plpgsql;
select s47();
create function s48() returns int as $$ begin execute null; return 1; end $$ language plpgsql;
select s48();
create function s49() returns int as $$ begin begin; return 1; end $$ language plpgsql;
create function s50() returns int as $$ begin commit; return 1; end $$ language plpgsql;
select s50();
create function s51() returns int as $$ begin savepoint x; return 1; end $$ language plpgsql;
select s51();
create function s52() returns int as $$ begin execute 'commit'; return 1; end $$ language plpgsql;
select s52();
create function s53() returns int as $$ declare a int[] := '{1}'; begin foreach a in array 5 loop null; end loop; return 1; end $$ language plpgsql;
select s53();
create function rec_loop(n int) returns int as $$ begin return rec_loop(n + 1); end $$ language plpgsql;
do $$ begin perform rec_loop(1); exception when statement_too_complex then raise notice 'deep: %', sqlerrm; end $$;
set statement_timeout = '300ms';
do $$ begin loop null; end loop; end $$;
do $$ begin begin loop perform 1; end loop; exception when others then raise notice 'not caught'; end; end $$;
reset statement_timeout;
