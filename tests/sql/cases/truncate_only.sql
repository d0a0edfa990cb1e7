-- TRUNCATE ONLY
create table p (a int); create table c (b int) inherits (p); insert into p values (1); insert into c values (2,3);
truncate only p; select * from p; truncate p; select * from p; truncate table only c;
create table pp (a int) partition by list (a); create table pp1 partition of pp for values in (1); insert into pp values (1); truncate only pp; select * from pp; truncate pp; select * from pp;
create table gc (c int) inherits (c);
insert into gc values (1, 2, 3);
insert into p values (9);
insert into c values (8, 8);
truncate only p, c;
select tableoid::regclass, * from p;
truncate only p, p;
truncate p;
select count(*) from p;
create table fp (id int primary key);
create table fc (a int references fp);
truncate only fp;
truncate only fp cascade;
