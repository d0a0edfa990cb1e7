create role golden_addr;
create schema oa;
create foreign data wrapper oaw; create server oas foreign data wrapper oaw; create user mapping for golden_addr server oas; create user mapping for public server oas;
create table oa.t (id serial primary key, v text default 'x' check (v <> ''), unique (v));
create table oa.p (k int primary key) partition by list (k);
create view oa.w as select * from oa.t; create materialized view oa.m as select 1 as one;
create type oa.c as (a int, b text); create type oa.e as enum ('q'); create domain oa.d as int constraint pos check (value > 0);
create foreign table oa.ft (a int, b text) server oas;
create aggregate oa.sum2(int) (sfunc = int4pl, stype = int4); create procedure oa.pr(int, text) language sql as ''; create function oa.f(int, text, oa.c) returns int language sql as 'select 1';
create function oa.trg() returns trigger language plpgsql as 'begin return new; end'; create trigger tg before insert on oa.t for each row execute function oa.trg();
create rule ru as on delete to oa.t do nothing; create policy po on oa.t; create statistics oa.st on id, v from oa.t; create index ix on oa.t (lower(v));
create function etf() returns event_trigger language plpgsql as 'begin end';
create event trigger oaet on sql_drop when tag in ('DROP ROLE') execute function etf();
create event trigger oaet on sql_drop when tag in ('DROP TABLE') execute function etf();
alter default privileges for role golden_addr in schema oa grant select on tables to public; alter default privileges for role golden_addr grant usage on types to golden_addr;
create operator family oa.fam using btree; alter operator family oa.fam using btree add operator 1 < (int4, int2), function 1 btint42cmp(int4, int2);
create text search dictionary oa.dict (template = simple); create text search configuration oa.conf (copy = simple);
with o(type, names, args) as (values ('table', '{oa,t}'::text[], '{}'::text[]), ('table', '{oa,p}', '{}'), ('index', '{oa,t_pkey}', '{}'), ('index', '{oa,p_pkey}', '{}'), ('sequence', '{oa,t_id_seq}', '{}'),
 ('view', '{oa,w}', '{}'), ('materialized view', '{oa,m}', '{}'), ('foreign table', '{oa,ft}', '{}'), ('table column', '{oa,t,v}', '{}'), ('foreign table column', '{oa,ft,b}', '{}'),
 ('aggregate', '{oa,sum2}', '{int}'), ('procedure', '{oa,pr}', '{int4,text}'), ('function', '{oa,f}', '{integer,text,oa.c}'), ('function', '{lower}', '{text}'),
 ('type', '{oa.c}', '{}'), ('type', '{oa.e}', '{}'), ('type', '{oa.d}', '{}'), ('type', '{numeric}', '{}'), ('cast', '{int4}', '{int8}'), ('collation', '{C}', '{}'), ('collation', '{pg_catalog,POSIX}', '{}'),
 ('table constraint', '{oa,t,t_v_key}', '{}'), ('domain constraint', '{oa.d}', '{pos}'), ('default value', '{oa,t,v}', '{}'), ('language', '{plpgsql}', '{}'), ('operator', '{+}', '{int4,int4}'),
 ('operator class', '{btree,text_ops}', '{}'), ('operator family', '{hash,integer_ops}', '{}'), ('operator family', '{btree,oa,fam}', '{}'), ('access method', '{gin}', '{}'),
 ('operator of access method', '{btree,integer_ops,3}', '{int4,int8}'), ('operator of access method', '{btree,oa,fam,1}', '{int4,int2}'), ('function of access method', '{btree,integer_ops,1}', '{int4,int8}'),
 ('rule', '{oa,t,ru}', '{}'), ('rule', '{oa,w,_RETURN}', '{}'), ('trigger', '{oa,t,tg}', '{}'), ('policy', '{oa,t,po}', '{}'), ('schema', '{oa}', '{}'), ('role', '{golden_addr}', '{}'),
 ('text search dictionary', '{oa,dict}', '{}'), ('text search configuration', '{oa,conf}', '{}'), ('text search parser', '{default}', '{}'), ('text search template', '{simple}', '{}'), ('conversion', '{koi8_r_to_mic}', '{}'),
 ('tablespace', '{pg_default}', '{}'), ('foreign-data wrapper', '{oaw}', '{}'), ('server', '{oas}', '{}'), ('user mapping', '{golden_addr}', '{oas}'), ('user mapping', '{public}', '{oas}'),
 ('default acl', '{golden_addr,oa}', '{r}'), ('default acl', '{golden_addr}', '{T}'), ('event trigger', '{oaet}', '{}'), ('statistics object', '{oa,st}', '{}'))
select o.type, i.*, d as description, x.object_names, x.object_args from o, pg_get_object_address(o.type, o.names, o.args) a, pg_identify_object(a.classid, a.objid, a.objsubid) i, pg_describe_object(a.classid, a.objid, a.objsubid) d, pg_identify_object_as_address(a.classid, a.objid, a.objsubid) x;
select pg_get_object_address('table', '{oa,t,zz}', '{}');
select pg_get_object_address('table', '{nowhere,t}', '{}');
select pg_get_object_address('index', '{oa,t}', '{}');
select pg_get_object_address('sequence', '{oa,t}', '{}');
select pg_get_object_address('view', '{oa,t}', '{}');
select pg_get_object_address('materialized view', '{oa,t}', '{}');
select pg_get_object_address('foreign table', '{oa,t}', '{}');
select pg_get_object_address('table', '{oa,w}', '{}');
select pg_get_object_address('table column', '{oa,t,zz}', '{}');
select pg_get_object_address('table column', '{t}', '{}');
select pg_get_object_address('default value', '{oa,p,k}', '{}');
select pg_get_object_address('default value', '{oa,p,zz}', '{}');
select pg_get_object_address('table constraint', '{oa,t,zz}', '{}');
select pg_get_object_address('trigger', '{oa,t,zz}', '{}');
select pg_get_object_address('rule', '{oa,t,zz}', '{}');
select pg_get_object_address('policy', '{oa,t,zz}', '{}');
select pg_get_object_address('policy', '{zz}', '{}');
select pg_get_object_address('domain constraint', '{oa.d}', '{zz}');
select pg_get_object_address('domain constraint', '{oa.d}', '{}');
select pg_get_object_address('type', '{oa.zz}', '{}');
select pg_get_object_address('type', '{oa,d}', '{}');
select pg_get_object_address('cast', '{int4}', '{point}');
select pg_get_object_address('transform', '{int4}', '{sql}');
select pg_get_object_address('function', '{oa,f}', '{int4}');
select pg_get_object_address('function', '{oa,pr}', '{int4,text}');
select pg_get_object_address('procedure', '{oa,f}', '{int4,text,oa.c}');
select pg_get_object_address('aggregate', '{oa,f}', '{int4,text,oa.c}');
select pg_get_object_address('aggregate', '{zz}', '{}');
select pg_get_object_address('function', '{a,b,c,d}', '{}');
select pg_get_object_address('operator', '{+}', '{int4,point}');
select pg_get_object_address('operator', '{+}', '{int4}');
select pg_get_object_address('operator', '{oa,@@@}', '{-,int4}');
select pg_get_object_address('operator class', '{btree,zz}', '{}');
select pg_get_object_address('operator family', '{btree,zz}', '{}');
select pg_get_object_address('operator family', '{zz,zz}', '{}');
select pg_get_object_address('operator family', '{zz}', '{}');
select pg_get_object_address('operator of access method', '{btree,integer_ops,9}', '{int4,int4}');
select pg_get_object_address('function of access method', '{btree,integer_ops,1}', '{int4,text}');
select pg_get_object_address('function of access method', '{btree,1}', '{int4,text}');
select pg_get_object_address('statistics object', '{oa,zz}', '{}');
select pg_get_object_address('text search dictionary', '{oa,zz}', '{}');
select pg_get_object_address('collation', '{zz}', '{}');
select pg_get_object_address('conversion', '{zz}', '{}');
select pg_get_object_address('user mapping', '{golden_addr}', '{zz}');
select pg_get_object_address('default acl', '{golden_addr}', '{S}');
select pg_get_object_address('default acl', '{golden_addr,oa}', '{f}');
select pg_get_object_address('default acl', '{golden_addr}', '{x}');
select pg_get_object_address('default acl', '{golden_addr}', '{}');
select pg_get_object_address('large object', '{77}', '{}');
select pg_get_object_address('large object', '{x7}', '{}');
select pg_get_object_address('schema', '{zz}', '{}');
select pg_get_object_address('schema', '{zz,yy}', '{}');
select pg_get_object_address('database', '{zz}', '{}');
select pg_get_object_address('server', '{zz}', '{}');
select pg_get_object_address('event trigger', '{zz}', '{}');
select pg_get_object_address('publication', '{zz}', '{}');
select pg_get_object_address('publication relation', '{oa,t}', '{zz}');
select pg_get_object_address('publication namespace', '{oa}', '{zz}');
select pg_get_object_address('subscription', '{zz}', '{}');
select pg_get_object_address('toast table', '{zz}', '{}');
select pg_get_object_address('composite type', '{zz}', '{}');
select pg_get_object_address('stone', '{zz}', '{}');
select pg_get_object_address('routine', '{lower}', '{text}');
select pg_get_object_address('table', '{}', '{}');
select pg_get_object_address('table', '{null}', '{}');
select pg_get_object_address('function', '{zz}', '{null}');
select pg_get_object_address(null, '{zz}', '{}');
select c.c::regclass, pg_identify_object(c, 0, 0), pg_identify_object_as_address(c, 0, 0), pg_describe_object(c, 0, 0) from (values ('pg_class'::regclass), ('pg_proc'), ('pg_type'), ('pg_cast'), ('pg_constraint'), ('pg_attrdef'), ('pg_operator'), ('pg_opfamily'), ('pg_amop'), ('pg_rewrite'), ('pg_trigger'), ('pg_namespace'), ('pg_policy'), ('pg_event_trigger'), ('pg_foreign_server'), ('pg_user_mapping'), ('pg_default_acl'), ('pg_publication'), ('pg_transform'), ('pg_statistic_ext')) c(c);
select pg_identify_object(0, 0, 0);
select pg_describe_object(4242, 1, 0);
select pg_identify_object('pg_class'::regclass, 'oa.t'::regclass, 99), pg_describe_object('pg_class'::regclass, 'oa.t'::regclass, 2);
drop schema oa cascade;
drop event trigger oaet; drop foreign data wrapper oaw cascade; drop owned by golden_addr; drop role golden_addr;
