-- Run by psql -X -f against a database of its own; psql.out is what PostgreSQL 15 answers.
\set ECHO all
\pset pager off
CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL, born date);
CREATE TABLE book (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title varchar(100) NOT NULL,
    author_id int REFERENCES author (id) ON DELETE CASCADE,
    price numeric(8,2) DEFAULT 9.99 CHECK (price >= 0),
    tags text[] DEFAULT '{}',
    meta jsonb,
    added timestamptz NOT NULL DEFAULT now(),
    UNIQUE (author_id, title)
);
CREATE INDEX book_title_idx ON book (lower(title));
INSERT INTO author (name, born) VALUES ('Ada', '1815-12-10'), ('Grace', '1906-12-09'), ('Barbara', NULL)
    RETURNING id, name;
INSERT INTO book (title, author_id, price, tags, meta) VALUES
    ('Notes', 1, 5.5, '{math,engine}', '{"pages": 65, "b": null}'),
    ('Compilers', 2, 20, DEFAULT, NULL),
    ('CLU', 3, DEFAULT, '{"a b",NULL}', '[1, 2.50]');
SELECT id, title, author_id, price, tags, meta FROM book ORDER BY id;
SELECT a.name, count(*) AS books, sum(b.price) FROM author a JOIN book b ON b.author_id = a.id GROUP BY a.name ORDER BY 1;
\d
\dt
\d author
\d book
\di
\x on
SELECT * FROM author WHERE id = 1;
\x off
\pset null '(null)'
TABLE author ORDER BY id;
UPDATE book SET price = price + 1 WHERE id = 1 RETURNING price;
DELETE FROM book WHERE id = 2;
BEGIN;
INSERT INTO author (name) VALUES ('gone');
SELECT 1/0;
SELECT 1;
ROLLBACK;
\set VERBOSITY verbose
INSERT INTO author (id, name) VALUES (1, 'again');
INSERT INTO book (title, price, added) VALUES ('x', -1, '2024-02-29 12:00:00+00');
INSERT INTO book (title, author_id) VALUES ('x', 99);
SELECT nothing FROM author;
SELECT 'x'::int;
\set VERBOSITY default
\copy author (name, born) FROM STDIN WITH (FORMAT csv)
"Mary, K.",1913-06-24
Jean,
\.
\copy (SELECT name, born FROM author ORDER BY id) TO STDOUT
COPY author FROM STDIN;
10	Ten	\N
\.
SELECT * FROM author WHERE id > 5;
\set FETCH_COUNT 2
SELECT g, g * g AS square FROM generate_series(1, 5) g;
\unset FETCH_COUNT
SELECT $$dollar$$ AS q, E'tab\there' AS e, 'öä€' AS u;
PREPARE p (int) AS SELECT name FROM author WHERE id = $1;
EXECUTE p (2);
DEALLOCATE p;
SELECT 1 AS one \gset
\echo :one
SELECT name, born FROM author WHERE false \gdesc
SHOW server_encoding;
\encoding
DROP TABLE book, author;
