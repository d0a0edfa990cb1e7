-- What messages show of rows to roles that may read only some columns; the order of columns in rows that came by another table; COPY,
-- LOCK, languages and types asked for by roles.
CREATE ROLE gpr_a;
CREATE ROLE gpr_b;
CREATE SCHEMA gpr;
GRANT USAGE, CREATE ON SCHEMA gpr TO gpr_a, gpr_b;
SET search_path = gpr, public;
CREATE TABLE k (a int, b int, c int CHECK (c < 5), secret text DEFAULT 'hidden', PRIMARY KEY (a, b));
INSERT INTO k VALUES (1, 1, 1), (1, 2, 1), (2, 1, 2);
GRANT SELECT (a), INSERT (a, b, c), UPDATE (a, b, c) ON k TO gpr_a;
GRANT INSERT ON k TO gpr_b;
SET ROLE gpr_a;
INSERT INTO k (a, b) VALUES (1, 1);
UPDATE k SET b = 1;
INSERT INTO k (a, b) VALUES (NULL, NULL);
INSERT INTO k (c) VALUES (NULL);
INSERT INTO k (b) VALUES (5);
UPDATE k SET c = 10;
UPDATE k SET b = NULL WHERE a = 2;
INSERT INTO k (a, b, c) VALUES (7, 7, 7);
MERGE INTO k USING (VALUES (2)) v(x) ON k.a = v.x WHEN MATCHED THEN UPDATE SET c = 9 WHEN NOT MATCHED THEN INSERT (a, b) VALUES (1, 1);
WITH w AS (INSERT INTO k (a, b, c) VALUES (8, 8, 8) RETURNING a) SELECT * FROM w;
SET ROLE gpr_b;
INSERT INTO k VALUES (1, 1, 1);
INSERT INTO k VALUES (9, 9, 9);
INSERT INTO k DEFAULT VALUES;
INSERT INTO k (c) VALUES (6);
RESET ROLE;
GRANT SELECT (b) ON k TO gpr_a;
SET ROLE gpr_a;
INSERT INTO k (a, b) VALUES (1, 1);
RESET ROLE;
-- foreign keys
CREATE TABLE ref (x int REFERENCES gpr.k2, y int);
CREATE TABLE k2 (id int PRIMARY KEY, secret text);
CREATE TABLE ref (x int REFERENCES k2, y int);
INSERT INTO k2 VALUES (1, 's'), (2, 't');
INSERT INTO ref VALUES (1, 1);
GRANT INSERT ON ref TO gpr_a;
GRANT DELETE ON k2 TO gpr_a;
SET ROLE gpr_a;
INSERT INTO ref VALUES (9, 9);
DELETE FROM k2;
RESET ROLE;
GRANT SELECT (x) ON ref TO gpr_a;
GRANT SELECT (id) ON k2 TO gpr_a;
SET ROLE gpr_a;
INSERT INTO ref VALUES (9, 9);
DELETE FROM k2;
RESET ROLE;
-- row-level security
CREATE TABLE sec (id int PRIMARY KEY, v int CHECK (v > 0), w text NOT NULL);
INSERT INTO sec VALUES (1, 1, 'a');
ALTER TABLE sec ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON sec USING (id > 1) WITH CHECK (true);
GRANT ALL ON sec TO gpr_a;
SET ROLE gpr_a;
INSERT INTO sec VALUES (1, 1, 'b');
INSERT INTO sec VALUES (2, -1, 'b');
INSERT INTO sec VALUES (2, 1, NULL);
RESET ROLE;
INSERT INTO sec VALUES (1, 1, 'b');
INSERT INTO sec VALUES (2, -1, 'b');
-- exclusion
CREATE TABLE ex (a int, b text, EXCLUDE (a WITH =));
INSERT INTO ex VALUES (1, 'x');
GRANT INSERT ON ex TO gpr_a;
SET ROLE gpr_a;
INSERT INTO ex VALUES (1, 'y');
RESET ROLE;
INSERT INTO ex VALUES (1, 'y');
-- partitions whose columns stand in another order
CREATE TABLE q (a int, b text NOT NULL, c int, secret text) PARTITION BY LIST (a);
CREATE TABLE q1 (secret text, c int, b text NOT NULL, x int, a int);
ALTER TABLE q1 DROP COLUMN x;
ALTER TABLE q ATTACH PARTITION q1 FOR VALUES IN (1);
CREATE TABLE q2 (b text NOT NULL, a int, secret text, c int CHECK (c < 50));
ALTER TABLE q ATTACH PARTITION q2 FOR VALUES IN (2);
INSERT INTO q VALUES (1, 'x', 70, 's');
INSERT INTO q VALUES (1, NULL, 7, 's');
INSERT INTO q VALUES (2, 'x', 70, 's');
INSERT INTO q1 VALUES ('s', 70, NULL, 1);
INSERT INTO q1 VALUES ('s', 70, 'x', 2);
UPDATE q SET b = NULL;
UPDATE q SET a = 2;
UPDATE q SET a = 3;
UPDATE q1 SET a = 3;
GRANT SELECT (a, b, c), INSERT (a, b, c), UPDATE (a, b, c) ON q TO gpr_a;
GRANT INSERT ON q TO gpr_b;
SET ROLE gpr_a;
INSERT INTO q (a, b) VALUES (1, NULL);
INSERT INTO q (a, b) VALUES (4, 'x');
UPDATE q SET b = NULL;
UPDATE q SET a = 2;
UPDATE q SET a = 2, b = NULL WHERE a = 1;
UPDATE q SET a = 5;
SET ROLE gpr_b;
INSERT INTO q (b) VALUES ('x');
INSERT INTO q (a) VALUES (1);
INSERT INTO q VALUES (4, 'x');
RESET ROLE;
-- children have more columns
CREATE TABLE p (a int NOT NULL, z text);
CREATE TABLE c (more int) INHERITS (p);
INSERT INTO c VALUES (1, 'z', 5);
UPDATE p SET a = NULL;
UPDATE c SET a = NULL;
ALTER TABLE p ADD CHECK (a < 100);
UPDATE p SET a = 200;
INSERT INTO c VALUES (200, 'y', 6);
CREATE VIEW v AS SELECT a, b FROM q WHERE a < 2 WITH CHECK OPTION;
INSERT INTO v VALUES (2, 'k');
INSERT INTO v VALUES (1, NULL);
COPY q FROM stdin;
-- data
1	\N	4	s
\.
COPY q (a, b) FROM stdin;
-- data
2	\N
\.
-- COPY FROM asks for INSERT
CREATE TABLE cp (a int, b text, secret text);
GRANT INSERT (a, b), SELECT (a) ON cp TO gpr_a;
SET ROLE gpr_a;
COPY cp FROM stdin;
COPY cp (a, secret) FROM stdin;
COPY cp (a, b) FROM stdin;
-- data
1	x
\.
COPY cp (a, b) FROM stdin WHERE a > 1;
-- data
1	y
2	z
\.
COPY cp (a, b) FROM stdin WHERE b > 'a';
COPY cp (a) TO stdout;
COPY cp (b) TO stdout;
COPY cp TO stdout;
SET ROLE gpr_b;
COPY cp (a) FROM stdin;
-- LOCK
RESET ROLE;
GRANT SELECT ON cp TO gpr_b;
GRANT UPDATE ON k2 TO gpr_b;
GRANT INSERT ON ref TO gpr_b;
SET ROLE gpr_b;
BEGIN;
LOCK cp IN ACCESS SHARE MODE;
LOCK cp IN ROW SHARE MODE;
ROLLBACK;
BEGIN;
LOCK k2 IN EXCLUSIVE MODE;
LOCK k2;
LOCK ref IN ROW EXCLUSIVE MODE;
LOCK k2 IN ACCESS SHARE MODE;
ROLLBACK;
BEGIN;
LOCK ref IN SHARE MODE;
ROLLBACK;
BEGIN;
LOCK cp;
ROLLBACK;
-- languages
CREATE FUNCTION f_internal(int, int) RETURNS int LANGUAGE internal AS 'int4pl';
CREATE FUNCTION f_c(int) RETURNS int LANGUAGE c AS 'nope';
RESET ROLE;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
REVOKE USAGE ON LANGUAGE sql FROM PUBLIC;
GRANT USAGE ON LANGUAGE sql TO gpr_a;
SET ROLE gpr_a;
CREATE FUNCTION f_sql() RETURNS int LANGUAGE sql AS 'select 1';
CREATE FUNCTION f_pl() RETURNS int LANGUAGE plpgsql AS 'begin return 1; end';
DO 'begin null; end';
SET ROLE gpr_b;
CREATE FUNCTION f_sql2() RETURNS int LANGUAGE sql AS 'select 1';
SELECT f_sql();
RESET ROLE;
GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC;
GRANT USAGE ON LANGUAGE sql TO PUBLIC;
-- types
CREATE TYPE ty AS (a int, b text);
CREATE DOMAIN dom AS int;
REVOKE USAGE ON TYPE ty FROM PUBLIC;
REVOKE USAGE ON DOMAIN dom FROM PUBLIC;
SET ROLE gpr_a;
CREATE TABLE of_ty OF ty;
CREATE AGGREGATE agg (dom) (sfunc = int4_sum, stype = int8);
CREATE AGGREGATE agg2 (int) (sfunc = int4pl, stype = dom);
CREATE TYPE mine AS (a int, b int);
ALTER TYPE mine ADD ATTRIBUTE c dom;
ALTER TYPE mine ALTER ATTRIBUTE b TYPE dom;
CREATE CAST (mine AS dom) WITH INOUT;
CREATE CAST (mine AS text) WITH INOUT;
DROP CAST (mine AS text);
SET ROLE gpr_b;
CREATE CAST (mine AS text) WITH INOUT;
CREATE CAST (int4 AS mine) WITH INOUT;
RESET ROLE;
RESET search_path;
DROP SCHEMA gpr CASCADE;
DROP ROLE gpr_a;
DROP ROLE gpr_b;
-- sessions of others
CREATE ROLE gpr_c;
SET ROLE gpr_c;
SELECT pg_terminate_backend(pg_backend_pid());
SELECT pg_cancel_backend(pg_backend_pid());
SELECT pg_log_backend_memory_contexts(pg_backend_pid());
RESET ROLE;
GRANT pg_signal_backend TO gpr_c;
SET ROLE gpr_c;
SELECT pg_terminate_backend(pg_backend_pid());
SELECT pg_cancel_backend(pg_backend_pid());
RESET ROLE;
DROP ROLE gpr_c;
REVOKE USAGE ON LANGUAGE sql FROM gpr_a;
DROP ROLE gpr_a;
-- triggers ask for TRIGGER and the function, VACUUM and ANALYZE leave out others' tables
CREATE ROLE gpr_d;
CREATE SCHEMA gpr2;
GRANT USAGE ON SCHEMA gpr2 TO gpr_d;
CREATE TABLE gpr2.t (a int);
CREATE TABLE gpr2.u (a int);
CREATE VIEW gpr2.v AS SELECT * FROM gpr2.t;
CREATE FUNCTION gpr2.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION gpr2.mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
REVOKE EXECUTE ON FUNCTION gpr2.mine() FROM PUBLIC;
GRANT TRIGGER ON gpr2.t TO gpr_d;
SET ROLE gpr_d;
CREATE TRIGGER tg BEFORE INSERT ON gpr2.t FOR EACH ROW EXECUTE FUNCTION gpr2.tf();
CREATE TRIGGER tg2 BEFORE INSERT ON gpr2.t FOR EACH ROW EXECUTE FUNCTION gpr2.mine();
CREATE TRIGGER tg BEFORE INSERT ON gpr2.u FOR EACH ROW EXECUTE FUNCTION gpr2.tf();
CREATE TRIGGER tg INSTEAD OF INSERT ON gpr2.v FOR EACH ROW EXECUTE FUNCTION gpr2.tf();
CREATE CONSTRAINT TRIGGER tc AFTER INSERT ON gpr2.t FROM gpr2.u FOR EACH ROW EXECUTE FUNCTION gpr2.tf();
DROP TRIGGER tg ON gpr2.t;
ANALYZE gpr2.t;
VACUUM gpr2.t;
VACUUM (ANALYZE) gpr2.t, gpr2.u;
ANALYZE pg_class;
RESET ROLE;
ANALYZE gpr2.t;
ALTER TABLE gpr2.u OWNER TO gpr_d;
SET ROLE gpr_d;
ANALYZE gpr2.u;
VACUUM gpr2.u;
RESET ROLE;
DROP SCHEMA gpr2 CASCADE;
DROP ROLE gpr_d;
