-- Measurements: several schemas that refer to each other, numbers at their limits, every temporal type, arrays of everything, ranges and
-- multiranges, network types, large keys, composite keys, materialized views on views, domains over domains, inheritance, range types, operators
-- with their classes, casts and aggregates, foreign tables, statistics, large objects.
CREATE SCHEMA lab;
CREATE SCHEMA "ref data";
CREATE TYPE "ref data".unit AS ENUM ('m', 's', 'kg', 'Ω');
CREATE DOMAIN "ref data".positive AS numeric CHECK (VALUE > 0);
CREATE DOMAIN "ref data".percent AS "ref data".positive CHECK (VALUE <= 100);
CREATE TABLE "ref data".device (
    code text COLLATE "C" PRIMARY KEY,
    unit "ref data".unit NOT NULL,
    accuracy "ref data".percent DEFAULT 99.5,
    limits numrange DEFAULT '[0,1)' NOT NULL,
    replaced_by text REFERENCES "ref data".device
);
CREATE TABLE lab.run (
    day date NOT NULL,
    number smallint NOT NULL,
    device text NOT NULL REFERENCES "ref data".device ON UPDATE CASCADE,
    started timetz,
    took interval,
    during tstzrange,
    PRIMARY KEY (day, number)
);
CREATE TABLE lab.sample (
    day date,
    number smallint,
    n bigint,
    v_small smallint, v_int integer, v_big bigint, v_num numeric, v_num2 numeric(30,10), v_real real, v_double double precision,
    v_ts timestamp, v_tstz timestamptz, v_date date, v_time time(3), v_interval interval,
    v_ints integer[], v_texts text[], v_units "ref data".unit[], v_json jsonb, v_uuid uuid, v_bytes bytea, v_bits bit(5),
    v_inet inet, v_cidr cidr, v_mac8 macaddr8, v_bool boolean, v_char "char", v_name name, v_range int8range, v_ranges datemultirange,
    PRIMARY KEY (day, number, n),
    FOREIGN KEY (day, number) REFERENCES lab.run ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX sample_big ON lab.sample (v_big DESC NULLS LAST, (v_num IS NULL));
CREATE INDEX sample_json ON lab.sample ((v_json ->> 'k'::text)) WHERE v_json IS NOT NULL;
CREATE INDEX sample_recent ON lab.sample USING btree (v_tstz) WHERE (v_tstz > '2026-01-01 00:00:00+00'::timestamptz);
ALTER TABLE lab.sample ADD CONSTRAINT sample_range CHECK (v_int IS NULL OR v_int BETWEEN -2147483648 AND 2147483647);
ALTER TABLE lab.sample ADD CONSTRAINT sample_later CHECK (v_double <> 5) NOT VALID;
CREATE SEQUENCE lab.counter AS smallint INCREMENT -1 START -1 MINVALUE -100 MAXVALUE -1 OWNED BY lab.sample.n;
ALTER TABLE lab.sample ALTER COLUMN n SET DEFAULT nextval('lab.counter');
CREATE VIEW lab.per_day AS
    SELECT r.day, d.unit, count(*) AS samples, avg(s.v_double) AS mean, percentile_cont(0.5) WITHIN GROUP (ORDER BY s.v_double) AS median,
        max(s.v_tstz) - min(s.v_tstz) AS span
    FROM lab.run r JOIN lab.sample s USING (day, number) JOIN "ref data".device d ON d.code = r.device
    GROUP BY r.day, d.unit HAVING count(*) > 0;
CREATE MATERIALIZED VIEW lab.day_summary AS SELECT day, unit, samples, round(mean::numeric, 3) AS mean FROM lab.per_day WITH NO DATA;
CREATE MATERIALIZED VIEW lab.days AS SELECT DISTINCT day FROM lab.per_day;
CREATE VIEW lab.everything AS
    SELECT 'run'::text AS kind, day::text AS what FROM lab.run UNION ALL SELECT 'device', code FROM "ref data".device
    EXCEPT SELECT 'x', 'y' ORDER BY 1, 2;
INSERT INTO "ref data".device (code, unit, accuracy, limits, replaced_by) VALUES ('new', 'm', 100, '(,)', NULL), ('old', 'Ω', 0.001, '[1.50,2.5]', 'new');
INSERT INTO lab.run VALUES ('2026-05-01', 1, 'old', '10:00:00+02', 'P1Y2M3DT4H5M6.789S', '["2026-05-01 10:00+02","2026-05-01 11:00+02")'), ('4713-01-01 BC', 32767, 'new', NULL, NULL, NULL);
INSERT INTO lab.sample (day, number, v_small, v_int, v_big, v_num, v_num2, v_real, v_double, v_ts, v_tstz, v_date, v_time, v_interval, v_ints, v_texts, v_units,
    v_json, v_uuid, v_bytes, v_bits, v_inet, v_cidr, v_mac8, v_bool, v_char, v_name, v_range, v_ranges) VALUES
    ('2026-05-01', 1, -32768, -2147483648, -9223372036854775808, 'NaN', 12345678901234567890.0123456789, 3.4028235e38, 1.7976931348623157e30,
     '2026-05-01 12:00:00.123456', '2026-05-01 12:00:00.123456+14', '5874897-12-31', '24:00:00', '-178000000 years', '{{1,2,NULL},{4,5,6}}', '{"",NULL,"NULL","a,b","\\"}',
     '{m,Ω}', '{"k": "v", "n": 1e400, "t": true}', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '\x', B'10101', '192.168.0.1/16', '10.0.0.0/8', '08:00:2b:01:02:03:04:05',
     true, 'x', 'a name', '[1,10)', '{[2026-01-01,2026-02-01),[2026-03-01,)}'),
    ('2026-05-01', 1, 32767, 2147483647, 9223372036854775807, 'Infinity', -0.0000000001, 1.17549435e-38, 5e-324, '-infinity', '2026-05-01 13:00:00-01', '-infinity', '00:00:00.001', '00:00:00.000001',
     '{}', '{}', NULL, '"\u0001\t"', NULL, NULL, NULL, '::ffff:1.2.3.4', '2001:db8::/32', NULL, false, '', '', 'empty', '{}'),
    ('4713-01-01 BC', 32767, NULL, NULL, NULL, 1e-50, NULL, '0', '-Infinity', '294276-12-31 23:59:59.999999', '4713-02-01 00:00:00+00 BC', NULL, NULL, NULL, '[5:7]={1,2,3}', NULL, NULL,
     '[1, [2, [3]]]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
REFRESH MATERIALIZED VIEW lab.days;

-- what is computed
CREATE TABLE lab.thing (id bigint GENERATED BY DEFAULT AS IDENTITY (START 7 MINVALUE 7) PRIMARY KEY, label text NOT NULL, weight "ref data".positive);
CREATE TABLE lab.liquid (density real DEFAULT 1 CHECK (density > 0), CONSTRAINT liquid_key PRIMARY KEY (id)) INHERITS (lab.thing);
CREATE TABLE lab.acid (ph numeric(4,2)) INHERITS (lab.liquid);
COMMENT ON COLUMN lab.acid.ph IS 'how sour';
CREATE TYPE lab.heat AS (degrees numeric, unit "char");
CREATE TYPE lab.float_range AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi, MULTIRANGE_TYPE_NAME = lab.float_ranges);
CREATE FUNCTION lab.heat_cmp(a lab.heat, b lab.heat) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN (a).degrees < (b).degrees THEN -1 WHEN (a).degrees > (b).degrees THEN 1 ELSE 0 END $$;
CREATE FUNCTION lab.heat_lt(a lab.heat, b lab.heat) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN (a).degrees < (b).degrees;
CREATE FUNCTION lab.heat_gt(lab.heat, lab.heat) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN ($1).degrees > ($2).degrees;
CREATE FUNCTION lab.as_heat(d numeric) RETURNS lab.heat LANGUAGE sql IMMUTABLE AS $$ SELECT ROW(d, 'C')::lab.heat $$;
CREATE OPERATOR lab.<< (FUNCTION = lab.heat_lt, LEFTARG = lab.heat, RIGHTARG = lab.heat, COMMUTATOR = OPERATOR(lab.>>), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR lab.>> (FUNCTION = lab.heat_gt, LEFTARG = lab.heat, RIGHTARG = lab.heat, COMMUTATOR = OPERATOR(lab.<<));
CREATE CAST (numeric AS lab.heat) WITH FUNCTION lab.as_heat(numeric) AS ASSIGNMENT;
COMMENT ON CAST (numeric AS lab.heat) IS 'in degrees Celsius';
COMMENT ON OPERATOR lab.<< (lab.heat, lab.heat) IS 'colder';
CREATE FUNCTION lab.mean_step(state numeric[], v numeric) RETURNS numeric[] LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF v IS NULL THEN
        RETURN state;
    END IF;
    RETURN ARRAY[state[1] + v, state[2] + 1];
END $$;
CREATE FUNCTION lab.mean_end(state numeric[]) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT round(state[1] / nullif(state[2], 0), 3)';
CREATE AGGREGATE lab.mean(numeric) (SFUNC = lab.mean_step, STYPE = numeric[], FINALFUNC = lab.mean_end, INITCOND = '{0,0}', PARALLEL = SAFE);
CREATE FUNCTION lab.check_thing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.label = '' THEN
        RAISE EXCEPTION 'a thing needs a label' USING ERRCODE = 'check_violation', HINT = 'Name it.';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION lab.each(VARIADIC things text[]) RETURNS SETOF lab.thing LANGUAGE plpgsql STABLE ROWS 5 AS $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY things LOOP
        RETURN QUERY SELECT * FROM lab.thing WHERE label = t;
    END LOOP;
END $$;
CREATE PROCEDURE lab.clean(INOUT n integer) LANGUAGE plpgsql SECURITY DEFINER SET work_mem = '8MB' AS $$
BEGIN
    DELETE FROM lab.acid WHERE ph > 7;
    GET DIAGNOSTICS n = ROW_COUNT;
END $$;
CREATE TRIGGER thing_check BEFORE INSERT OR UPDATE ON lab.thing FOR EACH ROW EXECUTE FUNCTION lab.check_thing();
CREATE TRIGGER acid_check BEFORE INSERT ON lab.acid FOR EACH ROW EXECUTE FUNCTION lab.check_thing();
CREATE TABLE lab.reading (
    device text NOT NULL REFERENCES "ref data".device,
    at timestamp NOT NULL,
    value double precision,
    celsius numeric(8,2) GENERATED ALWAYS AS (round(((value - 32) / 1.8)::numeric, 2)) STORED,
    heat lab.heat,
    span lab.float_range
) PARTITION BY LIST (device);
CREATE TABLE lab.reading_old PARTITION OF lab.reading FOR VALUES IN ('old') PARTITION BY RANGE (at, value);
CREATE TABLE lab.reading_old_a PARTITION OF lab.reading_old FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2026-01-01 00:00:00', 0);
CREATE TABLE lab.reading_old_b PARTITION OF lab.reading_old FOR VALUES FROM ('2026-01-01 00:00:00', 0) TO (MAXVALUE, MAXVALUE);
CREATE TABLE lab.reading_null PARTITION OF lab.reading DEFAULT;
CREATE UNIQUE INDEX reading_key ON lab.reading (device, at, value);
CREATE INDEX reading_rounded ON ONLY lab.reading (date_trunc('day'::text, at), (celsius::integer));
CREATE STATISTICS lab.sample_together ON v_int, v_bool, (v_big % 10::bigint) FROM lab.sample;
ALTER STATISTICS lab.sample_together SET STATISTICS 200;
ALTER TABLE lab.sample ALTER COLUMN v_texts SET STORAGE EXTERNAL, ALTER COLUMN v_int SET STATISTICS 50;
ALTER TABLE lab.sample ADD CONSTRAINT sample_no_overlap EXCLUDE USING gist (v_range WITH &&);
CREATE FOREIGN DATA WRAPPER paper OPTIONS (drawer 'top');
CREATE SERVER archive TYPE 'box' VERSION '2' FOREIGN DATA WRAPPER paper OPTIONS (room 'b''1');
CREATE USER MAPPING FOR postgres SERVER archive OPTIONS ("user" 'x');
CREATE FOREIGN TABLE lab.sheet (n integer OPTIONS (col 'no') NOT NULL, text text DEFAULT 'x') SERVER archive OPTIONS (page '7');
COMMENT ON SERVER archive IS 'in the cellar';
COMMENT ON FOREIGN TABLE lab.sheet IS 'old';
CREATE VIEW lab.things AS SELECT t.id, t.label, t.tableoid::regclass::text AS kind, lab.as_heat(t.weight::numeric) AS heat FROM ONLY lab.thing t;
CREATE VIEW lab.means AS SELECT s.day, lab.mean(s.v_int::numeric) AS mean, CAST(1.5 AS lab.heat) AS warm,
    lab.as_heat(1::numeric) OPERATOR(lab.<<) lab.as_heat(2::numeric) AS colder FROM lab.sample s GROUP BY s.day;
COMMENT ON VIEW lab.means IS 'per day';
COMMENT ON MATERIALIZED VIEW lab.days IS 'with rows';
COMMENT ON TYPE lab.heat IS 'a temperature';
COMMENT ON CONSTRAINT sample_later ON lab.sample IS 'not yet looked at';
INSERT INTO lab.thing (label, weight) VALUES ('stone', 2.5), ('feather', 0.001);
INSERT INTO lab.liquid (id, label, weight, density) VALUES (nextval('lab.thing_id_seq'), 'water', 1, 1);
INSERT INTO lab.acid (id, label, weight, density, ph) VALUES (100, 'acid', 1, 1.2, 1.5), (101, 'weak', NULL, 0.9, 7.5);
CALL lab.clean(0);
INSERT INTO lab.reading (device, at, value, heat, span) VALUES ('old', '2025-02-02 02:02:02', 50, 20.5, '[1.5,2)'), ('old', '2026-02-02 02:02:02', -40, NULL, 'empty'),
    ('new', '2026-03-03 00:00:00', NULL, ROW(1, NULL), '(,1e10]');
SELECT lo_from_bytea(77001, '\x00ff6162');
COMMENT ON LARGE OBJECT 77001 IS 'some bytes';
GRANT SELECT ON LARGE OBJECT 77001 TO dump_reader;
