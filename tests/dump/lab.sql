-- Measurements: several schemas that refer to each other, numbers at their limits, every temporal type, arrays of everything, ranges and
-- multiranges, network types, large keys, composite keys, materialized views on views, domains over domains.
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
