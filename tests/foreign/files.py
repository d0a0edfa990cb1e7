"""SQLite files as other programs make them."""
import sqlite3

DJANGO = """
CREATE TABLE "app_kind" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(50) NOT NULL UNIQUE);
CREATE TABLE "app_item" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  "kind_id" bigint NOT NULL REFERENCES "app_kind" ("id") DEFERRABLE INITIALLY DEFERRED,
  "active" bool NOT NULL, "maybe" bool NULL, "code" varchar(20) NOT NULL, "note" text NOT NULL,
  "small" smallint unsigned NOT NULL CHECK ("small" >= 0), "price" decimal NULL, "day" date NULL, "made" datetime NULL,
  "clock" time NULL, "span" bigint NULL, "uid" char(32) NOT NULL, "data" text NULL CHECK ((JSON_VALID("data") OR "data" IS NULL)),
  "raw" BLOB NULL, "double" integer GENERATED ALWAYS AS (("small" * 2)) STORED, CONSTRAINT "small_low" CHECK ("small" < 1000));
CREATE UNIQUE INDEX "code_if_active" ON "app_item" ("code") WHERE "active";
CREATE INDEX "app_item_kind_id_99ebac2a" ON "app_item" ("kind_id");
CREATE INDEX "day_desc" ON "app_item" ("day" DESC, "small");
CREATE INDEX "lower_code" ON "app_item" ((LOWER("code")));
INSERT INTO app_kind (name) VALUES ('a''b'), ('z');
INSERT INTO app_item (kind_id, active, maybe, code, note, small, price, day, made, clock, span, uid, data, raw) VALUES
  (1, 1, NULL, 'Héllo', 'two
lines', 5, 10.5, '2024-02-29', '2024-02-29 12:30:15.123000', '01:02:03', 86405000000, 'e55c3ffd507848d3b7fb4589e0cd57ab',
   '{"a": [1, 2]}', x'0001ff'),
  (2, 0, 1, 'x', '', 0, 3, NULL, '2024-01-01 00:00:00', NULL, NULL, 'cf32e0716d344a5bae57f33c6575162f', NULL, NULL);
"""

RAILS = """
CREATE TABLE "schema_migrations" ("version" varchar NOT NULL PRIMARY KEY);
CREATE TABLE "ar_internal_metadata" ("key" varchar NOT NULL PRIMARY KEY, "value" varchar, "created_at" datetime(6) NOT NULL,
  "updated_at" datetime(6) NOT NULL);
CREATE TABLE "authors" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "name" varchar, "admin" boolean DEFAULT 0 NOT NULL,
  "legacy" boolean DEFAULT 't', "created_at" datetime(6) NOT NULL);
CREATE TABLE "posts" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "author_id" integer NOT NULL, "title" varchar(100) DEFAULT 'none',
  "body" text, "rating" decimal(5,2) DEFAULT 1.5, "score" float, "settings" json DEFAULT '{}', "published_on" date, "blob" blob,
  "created_at" datetime(6) NOT NULL, CONSTRAINT "fk_rails_5f4bb2" FOREIGN KEY ("author_id") REFERENCES "authors" ("id") ON DELETE CASCADE);
CREATE UNIQUE INDEX "index_posts_on_author_id_and_title" ON "posts" ("author_id", "title");
INSERT INTO schema_migrations VALUES ('20240101000000');
INSERT INTO authors (name, legacy, created_at) VALUES ('Ann', 'f', '2024-05-06 07:08:09.123456'), ('Bob', 't', '2024-05-06 07:08:09');
INSERT INTO posts (author_id, body, score, created_at) VALUES (1, 'b', 0.5, '2024-05-06 07:08:09.000001');
"""

SQLALCHEMY = """
CREATE TABLE parent (
	id INTEGER NOT NULL,
	name VARCHAR(30) NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (name)
);
CREATE TABLE "all types" (
	id INTEGER NOT NULL,
	b BOOLEAN,
	c VARCHAR(5),
	s VARCHAR,
	n NUMERIC(10, 2),
	f FLOAT,
	i INTEGER CHECK (i > 0),
	dt DATETIME,
	tm TIME,
	j JSON,
	lb BLOB,
	pid INTEGER,
	g INTEGER GENERATED ALWAYS AS (i*2),
	dflt INTEGER DEFAULT '7',
	ts DATETIME DEFAULT CURRENT_TIMESTAMP,
	odd TEXT DEFAULT (hex(1)),
	"order" INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uq_s_n UNIQUE (s, n),
	CHECK (b IN (0, 1)),
	CONSTRAINT col CHECK (c IN ('red', 'green')),
	FOREIGN KEY(pid) REFERENCES parent (id) ON DELETE CASCADE
);
CREATE INDEX "ix_all types_pid" ON "all types" (pid);
CREATE INDEX ix_part ON "all types" (i) WHERE i > 5;
CREATE TABLE pair (a INTEGER NOT NULL, b VARCHAR(5) NOT NULL, PRIMARY KEY (a, b));
INSERT INTO parent (name) VALUES ('p');
INSERT INTO "all types" (b, c, s, n, f, i, dt, tm, j, lb, pid, "order")
  VALUES (1, 'red', 's', 10.1, 1.25, 6, '2024-01-02 03:04:05.000000', '01:02:03.000000', '{"k": null}', x'0078', 1, 1);
INSERT INTO pair VALUES (1, 'x');
"""

CHINOOK = """
CREATE TABLE [Artist] ([ArtistId] INTEGER NOT NULL, [Name] NVARCHAR(120), CONSTRAINT [PK_Artist] PRIMARY KEY ([ArtistId]));
CREATE TABLE [Album] ([AlbumId] INTEGER NOT NULL, [Title] NVARCHAR(160) NOT NULL, [ArtistId] INTEGER NOT NULL,
  CONSTRAINT [PK_Album] PRIMARY KEY ([AlbumId]), FOREIGN KEY ([ArtistId]) REFERENCES [Artist] ([ArtistId])
  ON DELETE NO ACTION ON UPDATE NO ACTION);
CREATE UNIQUE INDEX [IPK_Artist] ON [Artist]([ArtistId]);
CREATE INDEX [IFK_AlbumArtistId] ON [Album] ([ArtistId]);
CREATE TABLE [Invoice Line] ([Id] INTEGER PRIMARY KEY, [UnitPrice] NUMERIC(10,2) NOT NULL, [Quantity] INTEGER NOT NULL);
CREATE VIEW "Albums by Artist" AS SELECT a.Name, b.Title FROM Artist a JOIN Album b ON a.ArtistId = b.ArtistId;
INSERT INTO Artist VALUES (1, 'AC/DC'), (2, 'Accept');
INSERT INTO Album VALUES (1, 'For Those About To Rock', 1), (2, 'Balls to the Wall', 2);
INSERT INTO "Invoice Line" VALUES (1, 0.99, 3), (2, 1.5, 2);
"""

SHAPES = """
CREATE TABLE wr (a TEXT, b INT, v, PRIMARY KEY (b, a)) WITHOUT ROWID;
CREATE TABLE strict_t (i INT PRIMARY KEY, r REAL, t TEXT, b BLOB, a ANY) STRICT;
CREATE TABLE nocase (name varchar(255) collate nocase UNIQUE, n "unsigned big int");
CREATE TABLE "main.x" (a INT);
CREATE TABLE "select" ("from" INT, "a b" TEXT, "q""q" TEXT, [br'k] TEXT, `tick` TEXT);
CREATE TABLE self (id INTEGER PRIMARY KEY, parent REFERENCES self, missing INT REFERENCES nowhere(id));
CREATE TABLE gen (a INT, b INT AS (a + 1) VIRTUAL, c TEXT AS (upper(a || 'x')) STORED);
CREATE TABLE log (what TEXT);
CREATE TRIGGER gen_log AFTER INSERT ON gen BEGIN INSERT INTO log VALUES ('gen ' || new.a); END;
CREATE VIEW seen AS SELECT what, length(what) AS n FROM log;
CREATE TRIGGER seen_insert INSTEAD OF INSERT ON seen BEGIN INSERT INTO log VALUES ('seen ' || new.what); END;
CREATE VIEW broken AS SELECT * FROM not_there;
CREATE VIRTUAL TABLE docs USING fts5(title, body);
CREATE VIRTUAL TABLE boxes USING rtree(id, minx, maxx);
INSERT INTO wr VALUES ('x', 2, 1), ('a', 1, 'two');
INSERT INTO strict_t VALUES (1, 1.5, 't', x'01', 5), (2, NULL, NULL, NULL, 'any');
INSERT INTO nocase VALUES ('Ann', 5), ('bob', 18446744073709551615);
INSERT INTO "main.x" VALUES (7);
INSERT INTO "select" VALUES (1, 'b', 'q', 'k', 't');
INSERT INTO self VALUES (1, NULL, NULL), (2, 1, NULL);
INSERT INTO gen (a) VALUES (1);
INSERT INTO docs VALUES ('one', 'the quick brown fox'), ('two', 'lazy dog');
INSERT INTO boxes VALUES (1, 0.0, 1.5);
"""


def build(path, script, **pragmas):
    """A file of that script; pragmas are set before anything is written."""
    db = sqlite3.connect(path, isolation_level=None)
    for name, value in pragmas.items():
        db.execute(f"PRAGMA {name} = {value}")
    db.executescript(script)
    db.close()
    return path
