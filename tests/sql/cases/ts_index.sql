CREATE TABLE docs (id int PRIMARY KEY, title text, body text, v tsvector);
INSERT INTO docs SELECT i, 'title ' || i, 'body of number ' || i || CASE WHEN i % 2 = 0 THEN ' even cats' ELSE ' odd dogs' END FROM generate_series(1, 20) i;
UPDATE docs SET v = setweight(to_tsvector('english', title), 'A') || to_tsvector('english', body);
-- ! a NOTICE tells that such an index is recorded only
CREATE INDEX docs_v ON docs USING gin (v);
-- ! a NOTICE tells that such an index is recorded only
CREATE INDEX docs_g ON docs USING gist (v);
-- ! a NOTICE tells that such an index is recorded only
CREATE INDEX docs_e ON docs USING gin (to_tsvector('english', body));
CREATE INDEX docs_bad ON docs USING gin (to_tsvector(body));
SELECT id FROM docs WHERE v @@ to_tsquery('english', 'cat & title') ORDER BY id;
SELECT id, ts_rank(v, q) FROM docs, to_tsquery('english', 'cat | 7') q WHERE v @@ q ORDER BY 2 DESC, 1;
SELECT count(*) FROM docs WHERE to_tsvector('english', body) @@ plainto_tsquery('english', 'odd dog');
SELECT id, ts_headline('english', body, to_tsquery('english', 'cat')) FROM docs WHERE v @@ 'cat' ORDER BY id LIMIT 3;
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'docs' ORDER BY 1;
SELECT amname, opcname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam JOIN pg_opclass o ON o.oid = i.indclass[0] WHERE c.relname LIKE 'docs_%' ORDER BY c.relname;
ALTER TABLE docs ADD COLUMN g tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(title, '') || ' ' || coalesce(body, ''))) STORED;
SELECT id, g FROM docs WHERE g @@ to_tsquery('english', 'dogs & 3');
UPDATE docs SET body = 'changed birds' WHERE id = 3 RETURNING g;
SELECT count(*), min(g), max(g) FROM docs;
CREATE INDEX ON docs USING gin (id);
-- ! a NOTICE tells that such an index is recorded only
CREATE INDEX ON docs USING gin (v) WITH (fastupdate = off);
-- ! a NOTICE tells that such an index is recorded only
CREATE INDEX ON docs USING gist (v tsvector_ops);
CREATE UNIQUE INDEX ON docs USING gin (v);
DROP INDEX docs_v;
CREATE INDEX docs_bt ON docs (v);
SELECT id FROM docs WHERE v = (SELECT v FROM docs WHERE id = 4);
DROP TABLE docs;
