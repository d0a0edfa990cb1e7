-- PL/pgSQL trigger functions: NEW, OLD, TG_ variables, effects.
create table t (id int primary key, v text, n int default 0, changed timestamp);
create table audit (seq serial, op text, tab text, old_row text, new_row text);
create function aud() returns trigger as $$
begin
  if tg_op = 'DELETE' then
    insert into audit (op, tab, old_row) values (tg_op, tg_table_name, old::text);
    return old;
  elsif tg_op = 'UPDATE' then
    insert into audit (op, tab, old_row, new_row) values (tg_op, tg_table_name, old::text, new::text);
    return new;
  else
    insert into audit (op, tab, new_row) values (tg_op, tg_table_name, new::text);
    return new;
  end if;
end $$ language plpgsql;
create trigger aud after insert or update or delete on t for each row execute function aud();
insert into t (id, v) values (1, 'a'), (2, 'b');
update t set v = v || '!' where id = 1;
delete from t where id = 2;
select op, tab, old_row, new_row from audit order by seq;
create function norm() returns trigger as $$
begin
  new.v := upper(trim(new.v));
  if new.n is null then new.n = -1; end if;
  if new.v = 'SKIP' then return null; end if;
  return new;
end $$ language plpgsql;
create trigger norm before insert or update on t for each row execute function norm();
insert into t (id, v, n) values (3, '  three ', null), (4, 'skip', 1), (5, 'five', 5) returning id, v, n;
update t set v = ' x ' where id = 3 returning *;
update t set v = 'skip' where id = 3 returning *;
select id, v, n from t order by id;
create function info() returns trigger as $$
begin
  raise notice '% % % % % % % % %', tg_name, tg_when, tg_level, tg_op, tg_relid = 't'::regclass, tg_table_schema, tg_table_name, tg_nargs, tg_argv;
  raise notice 'argv0 % argv9 %', tg_argv[0], tg_argv[9];
  return null;
end $$ language plpgsql;
create trigger info1 after insert on t for each row execute function info('one', 'two words', 3);
create trigger info2 after update on t for each statement execute function info();
insert into t (id, v) values (6, 'six');
update t set n = n + 1 where id in (5, 6);
update t set n = 0 where false;
drop trigger info1 on t;
drop trigger info2 on t;
create function refuse() returns trigger as $$ begin raise exception 'no % on %', tg_op, tg_table_name using errcode = 'restrict_violation', hint = 'ask first'; end $$ language plpgsql;
create trigger refuse before delete on t for each row when (old.id > 4) execute function refuse();
delete from t where id = 5;
delete from t where id = 3;
select id from t order by id;
create function whole() returns trigger as $$ declare r t; begin r := new; r.v := 'whole ' || r.v; return r; end $$ language plpgsql;
create trigger z_whole before insert on t for each row execute function whole();
insert into t (id, v) values (7, 'seven') returning v;
drop trigger z_whole on t;
create function badret() returns trigger as $$ begin return 5; end $$ language plpgsql;
create trigger z_bad before insert on t for each row execute function badret();
insert into t (id, v) values (8, 'x');
drop trigger z_bad on t;
create function noret() returns trigger as $$ begin null; end $$ language plpgsql;
create trigger z_no before insert on t for each row execute function noret();
insert into t (id, v) values (8, 'x');
drop trigger z_no on t;
create function nofield() returns trigger as $$ begin new.nosuch := 1; return new; end $$ language plpgsql;
create trigger z_nf before insert on t for each row execute function nofield();
insert into t (id, v) values (8, 'x');
drop trigger z_nf on t;
create function oldins() returns trigger as $$ begin raise notice 'old is null: %', old is null; return new; end $$ language plpgsql;
create trigger z_old before insert on t for each row execute function oldins();
insert into t (id, v) values (9, 'nine');
drop trigger z_old on t;
create function catcher() returns trigger as $$
begin
  begin
    perform 1 / (new.n - 100);
  exception when division_by_zero then
    new.v := 'caught';
  end;
  return new;
end $$ language plpgsql;
create trigger z_catch before insert on t for each row execute function catcher();
insert into t (id, v, n) values (10, 'ten', 100), (11, 'eleven', 1) returning id, v;
drop trigger z_catch on t;
create function counter() returns trigger as $$ declare c int; begin select count(*) into c from t; raise notice 'rows now %', c; return null; end $$ language plpgsql;
create trigger cnt after insert or delete on t for each statement execute function counter();
insert into t (id, v) select g, 'g' from generate_series(20, 22) g;
delete from t where id in (1, 3);
drop trigger cnt on t;
create function dynfield() returns trigger as $$ begin execute 'select ($1).v' into new.v using new; return new; end $$ language plpgsql;
create trigger z_dyn before insert on t for each row execute function dynfield();
insert into t (id, v) values (30, 'dyn') returning v;
drop trigger z_dyn on t;
create function touch() returns trigger as $$ begin new.changed := '2020-01-01'; return new; end $$ language plpgsql;
create trigger touch before update of v on t for each row execute function touch();
update t set n = 1 where id = 30 returning changed;
update t set v = 'w' where id = 30 returning changed;
create function tr_new_names() returns trigger as $$
declare k text;
begin
  select string_agg(key || '=' || coalesce(value, 'null'), ',' order by key) into k from jsonb_each_text(to_jsonb(new));
  raise notice '%', k;
  return new;
end $$ language plpgsql;
create trigger zz before insert on t for each row execute function tr_new_names();
insert into t (id, v) values (40, 'names');
select aud();
