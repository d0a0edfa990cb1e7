-- What the catalogs say of pgvector's objects.
CREATE EXTENSION vector;
SELECT extname, extrelocatable, nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'vector';
SELECT typname, typlen, typbyval, typtype, typcategory, typispreferred, typisdefined, typdelim, typalign, typstorage, typnotnull, typinput::text, typoutput::text, typreceive::text, typsend::text, typmodin::text, typmodout::text FROM pg_type WHERE typname IN ('vector', 'halfvec', 'sparsevec') ORDER BY typname;
SELECT typname, typelem::regtype::text, typcategory, typlen FROM pg_type WHERE typname IN ('_vector', '_halfvec', '_sparsevec') ORDER BY typname;
SELECT 'vector'::regtype::text, 'public.halfvec'::regtype::text, to_regtype('sparsevec')::text, to_regtype('nosuchvec')::text;
SELECT amname, amtype, amhandler::text FROM pg_am WHERE amname IN ('ivfflat', 'hnsw') ORDER BY amname;
SELECT a.amname, o.opcname, o.opcdefault, o.opcintype::regtype::text FROM pg_opclass o JOIN pg_am a ON a.oid = o.opcmethod WHERE a.amname IN ('ivfflat', 'hnsw') ORDER BY 1, 2;
SELECT o.opcname, o.opcdefault, o.opcintype::regtype::text FROM pg_opclass o JOIN pg_am a ON a.oid = o.opcmethod WHERE a.amname = 'btree' AND o.opcname IN ('vector_ops', 'halfvec_ops', 'sparsevec_ops') ORDER BY 1;
SELECT a.amname, f.opfname FROM pg_opfamily f JOIN pg_am a ON a.oid = f.opfmethod WHERE a.amname IN ('ivfflat', 'hnsw') ORDER BY 1, 2;
SELECT a.amname, f.opfname, p.amopstrategy, p.amoppurpose, p.amopopr::regoperator::text, s.opfname FROM pg_amop p JOIN pg_opfamily f ON f.oid = p.amopfamily JOIN pg_am a ON a.oid = f.opfmethod LEFT JOIN pg_opfamily s ON s.oid = p.amopsortfamily WHERE a.amname IN ('ivfflat', 'hnsw') ORDER BY 1, 2, 3;
SELECT f.opfname, p.amopstrategy, p.amoppurpose, p.amopopr::regoperator::text FROM pg_amop p JOIN pg_opfamily f ON f.oid = p.amopfamily WHERE f.opfname IN ('vector_ops', 'halfvec_ops', 'sparsevec_ops') ORDER BY 1, 2;
SELECT f.opfname, p.amprocnum, p.amproc::text FROM pg_amproc p JOIN pg_opfamily f ON f.oid = p.amprocfamily JOIN pg_am a ON a.oid = f.opfmethod WHERE a.amname = 'btree' AND f.opfname IN ('vector_ops', 'halfvec_ops', 'sparsevec_ops') ORDER BY 1, 2;
-- ! support functions of index builds are not made
SELECT a.amname, f.opfname, p.amprocnum, p.amproc::text FROM pg_amproc p JOIN pg_opfamily f ON f.oid = p.amprocfamily JOIN pg_am a ON a.oid = f.opfmethod WHERE a.amname IN ('ivfflat', 'hnsw') ORDER BY 1, 2, 3;
SELECT oprname, oprleft::regtype::text, oprright::regtype::text, oprresult::regtype::text, oprcode::text, oprcom::regoperator::text, oprnegate::regoperator::text, oprrest::text, oprjoin::text, oprcanmerge, oprcanhash FROM pg_operator WHERE oprleft::regtype::text IN ('vector', 'halfvec', 'sparsevec') ORDER BY 2, 1;
SELECT oprname, oprcode::text, oprcom::regoperator::text FROM pg_operator WHERE oprname IN ('<~>', '<%>') AND oprleft = 'bit'::regtype ORDER BY 1;
SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid), provolatile, proisstrict, proparallel, prokind, prosrc FROM pg_proc WHERE proname IN ('l2_distance', 'inner_product', 'cosine_distance', 'l1_distance', 'vector_dims', 'vector_norm', 'l2_norm', 'l2_normalize', 'binary_quantize', 'subvector', 'hamming_distance', 'jaccard_distance') ORDER BY 1, 2;
SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid), provolatile, proisstrict, proparallel FROM pg_proc WHERE proname LIKE 'vector\_%' AND prokind = 'f' ORDER BY 1, 2;
SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid), provolatile, proisstrict, proparallel FROM pg_proc WHERE proname LIKE 'halfvec\_%' AND prokind = 'f' ORDER BY 1, 2;
SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid), provolatile, proisstrict, proparallel FROM pg_proc WHERE proname LIKE 'sparsevec\_%' AND prokind = 'f' ORDER BY 1, 2;
SELECT aggfnoid::regprocedure::text, aggkind, aggtransfn::text, aggfinalfn::text, aggcombinefn::text, aggtranstype::regtype::text, agginitval FROM pg_aggregate WHERE aggfnoid::regprocedure::text ~ '(vector|halfvec)' ORDER BY 1;
SELECT castsource::regtype::text, casttarget::regtype::text, castfunc::regprocedure::text, castcontext, castmethod FROM pg_cast WHERE castsource::regtype::text ~ 'vec' OR casttarget::regtype::text ~ 'vec' ORDER BY 1, 2;
SELECT count(*) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid WHERE e.extname = 'vector' AND d.deptype = 'e' AND d.classid = 'pg_type'::regclass;
CREATE TABLE t (id int, v vector(3), h halfvec(5), s sparsevec(7), vs vector(2)[], free vector);
-- ! attndims is int4 before PostgreSQL 16
SELECT attname, format_type(atttypid, atttypmod), atttypmod, attndims, attstorage FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum;
SELECT column_name, data_type, udt_schema, udt_name FROM information_schema.columns WHERE table_name = 't' ORDER BY ordinal_position;
SELECT pg_column_size('[1,2,3]'::vector), pg_column_size('[1,2,3]'::halfvec), pg_column_size('{1:1}/5'::sparsevec);
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 't'::regclass;
ALTER TABLE t ADD COLUMN d vector(2) DEFAULT '[0,1]' NOT NULL;
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 't'::regclass;
ALTER TABLE t ADD CHECK (vector_dims(v) = 3);
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass ORDER BY conname;
INSERT INTO t (v) VALUES ('[1,2]');
INSERT INTO t (v, vs) VALUES ('[1,2,3]', ARRAY['[1,2]', '[3,4]']::vector[]);
INSERT INTO t (vs) VALUES (ARRAY['[1,2,3]']::vector[]);
SELECT v, vs, vs[2], d FROM t;
CREATE VIEW w AS SELECT id, v <-> '[1,1,1]' AS d, v::halfvec(3) AS h, avg(v) OVER () AS a FROM t;
-- ! PostgreSQL 16, beside which this area is recorded, qualifies fewer columns
SELECT pg_get_viewdef('w'::regclass);
SELECT * FROM w;
SELECT obj_description('vector'::regtype, 'pg_type'), obj_description((SELECT oid FROM pg_extension WHERE extname = 'vector'), 'pg_extension');
-- ! names the version
ALTER EXTENSION vector UPDATE;
ALTER EXTENSION vector SET SCHEMA pg_catalog;
COMMENT ON COLUMN t.v IS 'an embedding';
SELECT col_description('t'::regclass, 2);
DROP TYPE vector;
DROP FUNCTION l2_distance(vector, vector);
DROP OPERATOR <-> (vector, vector);
-- ! the order of dependent objects is of no meaning
DROP EXTENSION vector;
