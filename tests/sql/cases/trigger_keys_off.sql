-- foreign keys with triggers disabled, and in the replica role
create table ko_p (id int primary key, v text);
create table ko_c (id int primary key, p int references ko_p on delete cascade);
create table ko_d (id int primary key, p int references ko_p on update set null deferrable initially deferred);
insert into ko_p values (1, 'a'), (2, 'b');
insert into ko_c values (1, 1), (2, 2);
insert into ko_d values (1, 1), (2, 2);
insert into ko_c values (3, 3);
alter table ko_c disable trigger all;
insert into ko_c values (3, 3);
update ko_c set p = 7 where id = 3;
delete from ko_p where id = 2;
select * from ko_c order by id;
alter table ko_c enable trigger all;
insert into ko_c values (4, 4);
update ko_c set id = 5 where id = 3;
select * from ko_c order by id;
alter table ko_p disable trigger all;
delete from ko_p where id = 1;
select * from ko_c order by id;
select * from ko_d order by id;
alter table ko_p enable trigger all;
delete from ko_c; delete from ko_d;
insert into ko_p values (1, 'a'), (2, 'b');
begin;
alter table ko_d disable trigger all;
copy ko_d from stdin;
-- data
1	10
2	1
\.
alter table ko_d enable trigger all;
commit;
select * from ko_d order by id;
set session_replication_role = replica;
insert into ko_c values (10, 100), (11, 1);
update ko_p set id = 20 where id = 2;
delete from ko_p where id = 1;
select * from ko_c order by id;
begin; insert into ko_d values (10, 100); commit;
copy ko_c from stdin;
-- data
12	200
\.
reset session_replication_role;
select count(*) from ko_c;
insert into ko_c values (13, 300);
begin; insert into ko_d values (13, 300); commit;
-- triggers of users go along with ALL and USER
create function ko_say() returns trigger language plpgsql as $$ begin raise notice '% %', tg_name, tg_op; return new; end $$;
create trigger ko_t before insert on ko_c for each row execute function ko_say();
alter table ko_c disable trigger user;
insert into ko_c values (14, 400);
insert into ko_c values (14, 20);
alter table ko_c disable trigger all;
insert into ko_c values (15, 400);
alter table ko_c enable always trigger ko_t;
insert into ko_c values (16, 400);
alter table ko_c enable trigger all;
insert into ko_c values (17, 400);
insert into ko_c values (17, 20);
-- inside functions
create function ko_fill() returns void language plpgsql as $$ begin insert into ko_c values (30, 500); end $$;
select ko_fill();
alter table ko_c disable trigger all;
select ko_fill();
with w as (insert into ko_c values (31, 600) returning id) select * from w;
alter table ko_c enable trigger all;
with w as (insert into ko_c values (32, 600) returning id) select * from w;
merge into ko_c using (values (40, 700)) v(i, p) on false when not matched then insert values (v.i, v.p);
alter table ko_c disable trigger all;
merge into ko_c using (values (40, 700)) v(i, p) on false when not matched then insert values (v.i, v.p);
-- partitions
create table ko_parts (id int, p int references ko_p) partition by list (id);
create table ko_part1 partition of ko_parts for values in (1);
alter table ko_parts disable trigger all;
insert into ko_parts values (1, 800);
alter table ko_parts enable trigger all;
insert into ko_parts values (1, 801);
-- a table whose triggers are firing
create table ko_use (a int, b int);
create function ko_do() returns trigger language plpgsql as $$ begin execute tg_argv[0]; return new; end $$;
create trigger t before insert on ko_use for each row execute function ko_do('drop table ko_use');
insert into ko_use values (1, 1);
create or replace trigger t after insert on ko_use for each row execute function ko_do('drop table ko_use cascade');
insert into ko_use values (1, 1);
create or replace trigger t after insert on ko_use for each row execute function ko_do('truncate ko_use');
insert into ko_use values (1, 1);
create or replace trigger t after insert on ko_use for each statement execute function ko_do('truncate ko_use');
insert into ko_use values (1, 1);
create or replace trigger t before insert on ko_use for each statement execute function ko_do('alter table ko_use add c int');
insert into ko_use values (1, 1);
create or replace trigger t before insert on ko_use for each row execute function ko_do('create index on ko_use (b)');
insert into ko_use values (1, 1);
create or replace trigger t before insert on ko_use for each statement execute function ko_do('create table ko_other (a int)');
insert into ko_use values (1, 1);
select * from ko_use;
