-- catalog_schema.sql: one rich schema for the tests of catalogs: psql_catalog_test.py, information_schema rows.
CREATE ROLE cat_owner NOLOGIN;
CREATE ROLE cat_reader LOGIN CONNECTION LIMIT 5 VALID UNTIL '2040-01-01 00:00:00+00';
CREATE ROLE cat_group NOLOGIN CREATEDB CREATEROLE;
GRANT cat_group TO cat_reader;
GRANT cat_owner TO cat_group WITH ADMIN OPTION;
COMMENT ON ROLE cat_owner IS 'owns the shop';

CREATE SCHEMA shop;
COMMENT ON SCHEMA shop IS 'the shop itself';
CREATE SCHEMA "Odd Schema" AUTHORIZATION cat_owner;
GRANT USAGE ON SCHEMA shop TO cat_reader;
GRANT USAGE, CREATE ON SCHEMA shop TO cat_group WITH GRANT OPTION;

CREATE TYPE shop.mood AS ENUM ('sad', 'ok', 'happy');
ALTER TYPE shop.mood ADD VALUE 'glad' BEFORE 'happy';
COMMENT ON TYPE shop.mood IS 'how a customer feels';
CREATE TYPE shop.address AS (street text, zip varchar(10), floor smallint);
CREATE DOMAIN shop.positive AS integer DEFAULT 1 NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN shop.email AS text CONSTRAINT email_at CHECK (VALUE ~ '@') CONSTRAINT email_short CHECK (length(VALUE) < 100);
COMMENT ON DOMAIN shop.email IS 'an address of mail';
CREATE DOMAIN shop.code AS varchar(5) COLLATE "C";

CREATE TYPE shop.price_range AS RANGE (subtype = numeric);

CREATE SEQUENCE shop.order_numbers AS integer START 1000 INCREMENT 5 MINVALUE 10 MAXVALUE 100000 CACHE 1 CYCLE;
COMMENT ON SEQUENCE shop.order_numbers IS 'numbers of orders';
GRANT USAGE ON SEQUENCE shop.order_numbers TO cat_reader;
CREATE SEQUENCE plain_seq;

CREATE TABLE shop.customer (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 10) PRIMARY KEY,
    name varchar(40) NOT NULL,
    email shop.email UNIQUE,
    mood shop.mood DEFAULT 'ok' NOT NULL,
    joined timestamptz DEFAULT now(),
    birthday date,
    tags text[] DEFAULT '{}'::text[],
    profile jsonb DEFAULT '{}',
    credit numeric(12,2) DEFAULT 0.00,
    initials char(3),
    ratio double precision,
    score real DEFAULT 1.5,
    active boolean DEFAULT true,
    code shop.code COLLATE "C",
    spent interval(3),
    at time(0) without time zone,
    CONSTRAINT credit_limit CHECK (credit >= 0 AND credit < 100000),
    CONSTRAINT customer_name_key UNIQUE (name, birthday)
);
COMMENT ON TABLE shop.customer IS 'people who buy';
COMMENT ON COLUMN shop.customer.email IS 'where mail goes';
COMMENT ON CONSTRAINT credit_limit ON shop.customer IS 'nobody owes';
GRANT SELECT ON shop.customer TO cat_reader;
GRANT ALL ON shop.customer TO cat_group;
GRANT UPDATE (name, email) ON shop.customer TO cat_reader;
CREATE INDEX customer_lower ON shop.customer (lower(name));
CREATE INDEX customer_active ON shop.customer (joined DESC, name) WHERE active;
CREATE INDEX customer_wide ON shop.customer (birthday NULLS FIRST) INCLUDE (name, email);
CREATE UNIQUE INDEX customer_code ON shop.customer (code COLLATE "C" text_pattern_ops DESC NULLS LAST, (credit + 1));
COMMENT ON INDEX shop.customer_lower IS 'search by name';

CREATE TABLE shop.product (
    id serial PRIMARY KEY,
    sku text NOT NULL CONSTRAINT product_sku UNIQUE,
    price numeric(10,2) NOT NULL CHECK (price > 0::numeric),
    vat numeric GENERATED ALWAYS AS (price * 0.2) STORED,
    stock shop.positive,
    size smallint DEFAULT (-1),
    weight double precision DEFAULT '-1'::integer,
    made date DEFAULT CURRENT_DATE,
    uid uuid DEFAULT gen_random_uuid(),
    bits bit(8),
    flags bit varying(16),
    blob bytea,
    net inet,
    parent integer REFERENCES shop.product ON DELETE SET NULL
);
ALTER TABLE shop.product ADD COLUMN gone integer;
ALTER TABLE shop.product DROP COLUMN gone;
ALTER TABLE shop.product ADD COLUMN kind text DEFAULT 'x'::text;
CREATE UNLOGGED TABLE shop.line (
    order_id integer NOT NULL,
    no smallserial,
    product integer NOT NULL REFERENCES shop.product (id) ON UPDATE CASCADE ON DELETE RESTRICT,
    customer bigint CONSTRAINT line_customer REFERENCES shop.customer MATCH FULL DEFERRABLE INITIALLY DEFERRED,
    amount integer DEFAULT 1 CHECK (amount > 0) NO INHERIT,
    note text,
    PRIMARY KEY (order_id, no)
);
ALTER TABLE shop.line ADD CONSTRAINT note_length CHECK (length(note) < 1000) NOT VALID;
ALTER TABLE shop.line ADD CONSTRAINT line_order_check CHECK (order_id > 0 OR (note IS NOT NULL AND amount BETWEEN 1 AND 9));

CREATE TABLE plain (a integer, b text, c timestamp(3), "Mixed Case" integer, "select" text);
CREATE TABLE "Odd Schema"."Odd Table" ("Odd Column" integer PRIMARY KEY, "a""b" text);
CREATE TABLE no_columns ();
CREATE TABLE shop.pair (a integer NOT NULL, b integer NOT NULL, CONSTRAINT pair_pk PRIMARY KEY (a, b));
CREATE TABLE shop.pair_use (x integer, y integer, CONSTRAINT pair_fk FOREIGN KEY (x, y) REFERENCES shop.pair (a, b) ON DELETE CASCADE);
ALTER TABLE "Odd Schema"."Odd Table" OWNER TO cat_owner;
CREATE TABLE shop.late (a integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE shop.options (a integer) WITH (fillfactor = 70);

CREATE VIEW shop.active_customer AS SELECT id, name, email FROM shop.customer WHERE active;
COMMENT ON VIEW shop.active_customer IS 'those who still buy';
CREATE VIEW shop.totals (customer, total, lines) AS
    SELECT c.name, sum(l.amount * p.price), count(*)
      FROM shop.line l JOIN shop.product p ON p.id = l.product LEFT JOIN shop.customer c ON c.id = l.customer
     GROUP BY c.name HAVING count(*) > 1 ORDER BY c.name LIMIT 10;
CREATE VIEW shop.nested AS SELECT upper(name::text) AS name, (SELECT max(total) FROM shop.totals t) AS best FROM shop.active_customer;
CREATE VIEW shop.checked WITH (security_barrier = true) AS SELECT a, b FROM public.plain WHERE a > 0 WITH LOCAL CHECK OPTION;
CREATE MATERIALIZED VIEW shop.cached AS SELECT id, sku FROM shop.product WITH NO DATA;
CREATE UNIQUE INDEX cached_id ON shop.cached (id);
GRANT SELECT ON shop.active_customer TO PUBLIC;

CREATE FUNCTION shop.add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT a + b';
COMMENT ON FUNCTION shop.add(integer, integer) IS 'adds';
CREATE FUNCTION shop.pairs(IN n integer, OUT x integer, OUT y text) RETURNS SETOF record LANGUAGE sql STABLE ROWS 10 AS $$SELECT i, i::text FROM generate_series(1, n) i$$;
CREATE FUNCTION shop.touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.joined := now();
    RETURN NEW;
END
$$;
CREATE FUNCTION shop.tab(n integer) RETURNS TABLE (a integer, b text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop AS $$
BEGIN
    RETURN QUERY SELECT 1, 'x';
END
$$;
CREATE PROCEDURE shop.work(INOUT n integer) LANGUAGE plpgsql AS $$BEGIN n := n + 1; END$$;
CREATE AGGREGATE shop.total(integer) (sfunc = int4pl, stype = integer, initcond = '0');
GRANT EXECUTE ON FUNCTION shop.add(integer, integer) TO cat_reader;

CREATE TRIGGER customer_touched BEFORE INSERT OR UPDATE OF name ON shop.customer FOR EACH ROW EXECUTE FUNCTION shop.touched();
COMMENT ON TRIGGER customer_touched ON shop.customer IS 'keeps the date';
CREATE TRIGGER line_off AFTER DELETE ON shop.line FOR EACH STATEMENT EXECUTE FUNCTION shop.touched();
ALTER TABLE shop.line DISABLE TRIGGER line_off;

ALTER TABLE shop.pair ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_pairs ON shop.pair FOR SELECT TO cat_reader USING (a > 0);
CREATE POLICY all_pairs ON shop.pair AS RESTRICTIVE USING (true) WITH CHECK (b > 0);

ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO cat_reader;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO cat_group;

CREATE RULE plain_no_delete AS ON DELETE TO public.plain DO INSTEAD NOTHING;

CREATE COLLATION shop.german (provider = libc, locale = 'C');

CREATE TEXT SEARCH CONFIGURATION shop.plain_english (COPY = english);
COMMENT ON TEXT SEARCH CONFIGURATION shop.plain_english IS 'as english';
CREATE TEXT SEARCH DICTIONARY shop.small (TEMPLATE = simple, STOPWORDS = english);

CREATE OPERATOR shop.<%> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = shop.add, COMMUTATOR = OPERATOR(shop.<%>));
CREATE CAST (shop.address AS text) WITH INOUT AS ASSIGNMENT;

ALTER ROLE cat_reader SET statement_timeout = '5s';
ALTER ROLE cat_reader SET work_mem = '8MB';

INSERT INTO shop.product (sku, price, stock) VALUES ('a', 1.50, 3), ('b', 20, 4);
INSERT INTO plain VALUES (1, 'one', '2025-01-02 03:04:05.678', 2, 'x'), (NULL, NULL, NULL, NULL, NULL);
INSERT INTO shop.pair VALUES (1, 2), (1, 3);

-- partitions with indexes and keys, inheritance
CREATE TABLE shop.visit (day date NOT NULL, page text, customer bigint, took integer CHECK (took >= 0)) PARTITION BY RANGE (day);
COMMENT ON TABLE shop.visit IS 'who looked at what';
CREATE TABLE shop.visit_2025 PARTITION OF shop.visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.visit_2026 PARTITION OF shop.visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (page);
CREATE TABLE shop.visit_2026_home PARTITION OF shop.visit_2026 FOR VALUES IN ('home', NULL);
CREATE TABLE shop.visit_2026_rest PARTITION OF shop.visit_2026 DEFAULT;
CREATE INDEX visit_page ON shop.visit (page, day DESC);
ALTER TABLE shop.visit_2025 ADD CONSTRAINT visit_2025_pk PRIMARY KEY (day, page);
CREATE TABLE shop.spread (k text, v integer) PARTITION BY HASH (k, (v % 10));
CREATE TABLE shop.spread_0 PARTITION OF shop.spread FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shop.thing (id integer, label text DEFAULT 'none');
CREATE TABLE shop.heavy_thing (weight numeric, CONSTRAINT heavy CHECK (weight > 1)) INHERITS (shop.thing);

-- triggers of every kind, rules, an event trigger
CREATE FUNCTION shop.notice() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE CONSTRAINT TRIGGER pair_late AFTER UPDATE OF a ON shop.pair DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (old.a <> new.a) EXECUTE FUNCTION shop.notice();
CREATE TRIGGER pair_rows AFTER INSERT ON shop.pair REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION shop.notice('an argument');
CREATE TRIGGER view_insert INSTEAD OF INSERT ON shop.active_customer FOR EACH ROW EXECUTE FUNCTION shop.notice();
CREATE TRIGGER visit_row BEFORE DELETE ON shop.visit FOR EACH ROW EXECUTE FUNCTION shop.notice();
CREATE TRIGGER line_always BEFORE TRUNCATE ON shop.line FOR EACH STATEMENT EXECUTE FUNCTION shop.notice();
ALTER TABLE shop.line ENABLE ALWAYS TRIGGER line_always;
CREATE RULE checked_update AS ON UPDATE TO shop.nested WHERE new.best > 1 DO INSTEAD UPDATE plain SET b = new.name WHERE plain.a = 1;
CREATE FUNCTION shop.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER cat_watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION shop.watch();
ALTER EVENT TRIGGER cat_watch DISABLE;
COMMENT ON EVENT TRIGGER cat_watch IS 'looks on';

-- functions of every kind
CREATE FUNCTION shop.net(gross numeric, vat numeric DEFAULT 0.19) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN round(gross / (1 + vat), 2);
CREATE PROCEDURE shop.tidy(keep date) LANGUAGE sql BEGIN ATOMIC
    DELETE FROM shop.visit v WHERE v.day < keep;
    UPDATE shop.thing SET label = DEFAULT WHERE label IS NULL;
END;
CREATE FUNCTION shop.all_of(VARIADIC ns integer[]) RETURNS bigint LANGUAGE sql COST 7 AS 'SELECT count(*) FROM unnest(ns)';

-- foreign data
CREATE FOREIGN DATA WRAPPER cat_paper OPTIONS (drawer 'top');
COMMENT ON FOREIGN DATA WRAPPER cat_paper IS 'sheets';
CREATE SERVER cat_archive TYPE 'box' VERSION '2' FOREIGN DATA WRAPPER cat_paper OPTIONS (room 'b1');
GRANT USAGE ON FOREIGN SERVER cat_archive TO cat_reader;
CREATE USER MAPPING FOR cat_reader SERVER cat_archive OPTIONS (password 'secret');
CREATE FOREIGN TABLE shop.sheet (n integer OPTIONS (col 'no') NOT NULL, words text DEFAULT 'x') SERVER cat_archive OPTIONS (page '7');
COMMENT ON FOREIGN TABLE shop.sheet IS 'on paper';

-- statistics, operator classes, large objects, more rights
CREATE STATISTICS shop.line_together (ndistinct, mcv) ON order_id, product FROM shop.line;
CREATE STATISTICS shop.pair_sum ON (a + b) FROM shop.pair;
CREATE OPERATOR FAMILY shop.lengths USING btree;
CREATE OPERATOR CLASS shop.length_ops FOR TYPE text USING btree FAMILY shop.lengths AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 bttextcmp(text, text);
DO $$ BEGIN PERFORM lo_create(770077); END $$;
COMMENT ON LARGE OBJECT 770077 IS 'nothing in it';
GRANT SELECT, UPDATE ON LARGE OBJECT 770077 TO cat_reader;
CREATE SCHEMA cat_words;
CREATE EXTENSION fuzzystrmatch WITH SCHEMA cat_words;
COMMENT ON OPERATOR shop.<%> (integer, integer) IS 'adds too';
COMMENT ON CAST (shop.address AS text) IS 'as one line';
GRANT USAGE ON TYPE shop.mood TO cat_reader;
GRANT EXECUTE ON PROCEDURE shop.tidy(date) TO cat_reader WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT USAGE ON SEQUENCES TO cat_group;
