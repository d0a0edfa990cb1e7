\d
\dS
\d shop.*
\d shop.customer
\d+ shop.customer
\d shop.product
\d+ shop.product
\d shop.line
\d+ shop.line
\d shop.pair
\d+ shop.pair
\d shop.pair_use
\d plain
\d+ plain
\d "Odd Schema"."Odd Table"
\d no_columns
\d+ shop.options
\d shop.active_customer
\d+ shop.active_customer
\d+ shop.totals
\d+ shop.nested
\d+ shop.checked
\d shop.cached
\d+ shop.cached
\d shop.order_numbers
\d+ shop.order_numbers
\d plain_seq
\d shop.customer_id_seq
\d shop.product_id_seq
\d shop.customer_pkey
\d+ shop.customer_lower
\d shop.customer_active
\d+ shop.customer_wide
\d+ shop.customer_code
\d shop.address
\d+ shop.address
\d nothing
\d shop.nothing
\d pg_class
\d+ pg_type
\d pg_tables
\d information_schema.tables
\d pg_class_oid_index
\dt
\dt pg_catalog.*
\dt information_schema.*
\dt shop.*
\dt shop.*|public.*
\dtS
\di
\di shop.*
\ds
\ds shop.*
\dv
\dv shop.*
\dv+ shop.*
\dvS
\dm
\dm shop.*
\dE
\dE shop.*
\dtv shop.*
\dtvmsE shop.*
\dP
\dP shop.*
\dP+ shop.*
\dPt shop.*
\dPi shop.*
\dn
\dn+
\dnS
\dnS+
\dn shop
\du
\du+
\duS
\du cat_*
\dg
\dg+ cat_group
\dp
\dp shop.*
\dpS pg_catalog.pg_class
\z shop.customer
\z
\ddp
\ddp shop
\drds
\drds cat_reader
\dx
\dx+
\dx plpgsql
\dT
\dT shop.*
\dT+ shop.*
\dTS
\dTS+ int*
\dT integer
\dT+ timestamptz
\df
\df shop.*
\df+ shop.*
\dfS pg_get*
\dfS+ lower
\df * integer
\dfa shop.*
\dfn shop.*
\dfp shop.*
\dft shop.*
\dfw rank
\df abs
\df int4pl int int
\df -
\sf shop.add
\sf shop.touched
\sf+ shop.tab
\sf shop.work
\sf lower(text)
\sf nothing
\sv shop.totals
\sv shop.active_customer
\sv+ shop.nested
\sv shop.customer
\ef shop.add
\g
\ev shop.active_customer
\g
\da
\da shop.*
\daS sum
\daS
\do
\do shop.*
\doS
\doS+ =
\doS ~~
\doS - integer
\doS + integer integer
\dC
\dC+ int4
\dC money
\dD
\dD shop.*
\dD+ shop.*
\dDS
\dO
\dO shop.*
\dOS C
\dO+ shop.*
\dF
\dF shop.*
\dF+ shop.plain_english
\dF english
\dF+ simple
\dFd
\dFd shop.*
\dFd+ simple
\dFp
\dFp+
\dFt
\dFt+ simple
\dA
\dA+
\dA h*
\dAc
\dAc btree int4
\dAc+ hash
\dAc brin
\dAf
\dAf btree
\dAf+ gin
\dAo
\dAo btree integer_ops
\dAo+ hash
\dAp
\dAp+ gist
\dAp btree float_ops
\dconfig work_mem
\dconfig+ DateStyle
\dconfig+ search_path
\db
\des
\des+
\dew
\dew+
\det
\det shop.*
\det+ shop.*
\deu
\deu+
\dRp
\dRp+
\dRs
\dRs+
\dy
\dy+
\dX
\dX shop.*
\dc
\dcS utf8*
\dcS
\dcS+ *latin1_to_utf8
\dd
\dd shop.*
\ddS pg_*
\dl
\dl+
\lo_list
\dL
\dL+
\dLS
\dLS+
\l+ nothing
\d .*
\d "plain"
\d PLAIN
\d shop.c*
\dt "Odd Schema".*
\dt public."pl"*
\d pl?in
\dt a.b.c.d
\d (a|b)
\dn *o*
\dt otherdb.public.plain
SELECT 1 AS a, 'x'::text AS b, NULL::numeric(10,2) AS c, now() AS d, '{}'::int[] AS e \gdesc
SELECT * FROM shop.customer \gdesc
SELECT 1; \gdesc
INSERT INTO plain (a) VALUES (7) RETURNING a, b \gdesc
SELECT \gdesc
SELECT a, b, a * b FROM shop.pair \crosstabview
SELECT a, b, a * b AS c FROM shop.pair \crosstabview b a c
SELECT a FROM shop.pair \crosstabview
SELECT 1 AS one \gx
SELECT 1 AS one, 2 AS two \gset pre_
\echo :pre_one :pre_two
SELECT 'SELECT ' || i FROM generate_series(1, 3) i \gexec
\copy plain to stdout
\copy (select 1, 'a,b') to stdout csv header
\copy plain (a, b) from stdin
8	eight
9	\N
\.
SELECT a, b FROM plain ORDER BY a;
\copy nothing to stdout
\set FETCH_COUNT 2
SELECT i FROM generate_series(1, 5) i;
SELECT 1 / (3 - i) FROM generate_series(1, 5) i;
SELECT i FROM generate_series(1, 0) i;
\unset FETCH_COUNT
\set ON_ERROR_ROLLBACK on
BEGIN;
SELECT nothing;
SELECT 1;
COMMIT;
\set ON_ERROR_ROLLBACK off
\set AUTOCOMMIT off
SELECT 1;
ROLLBACK;
\set AUTOCOMMIT on
\encoding
\encoding LATIN1
SELECT 'x' AS x;
\encoding UTF8
\errverbose
SELECT 1/0;
\set VERBOSITY sqlstate
SELECT 1/0;
\set VERBOSITY terse
SELECT nothing;
\set VERBOSITY default
\set SHOW_CONTEXT always
SELECT 'x'::integer;
\set SHOW_CONTEXT errors
\echo :ROW_COUNT :SQLSTATE :ERROR
\if true
\echo yes
\else
\echo no
\endif
\x
SELECT * FROM shop.pair;
\x
\a
\t
SELECT * FROM shop.pair;
\a
\t
\pset format csv
SELECT * FROM shop.pair;
\pset format html
SELECT * FROM shop.pair;
\pset format aligned
\pset null '(null)'
SELECT NULL;
\pset null ''
\prompt 'p' answer
\h ABORT
\warn to stderr
\d :pre_one
\dt no_such_*
\di no_such_*
\dv no_such_*
\dn no_such_*
\du no_such_*
\df no_such_*
\dT no_such_*
\dx no_such_*
\d shop.visit
\d+ shop.visit
\d+ shop.visit_2026
\d shop.visit_2025
\d+ shop.visit_2026_home
\d shop.visit_page
\d+ shop.visit_page
\d shop.visit_2026_page_day_idx
\d+ shop.spread
\d+ shop.spread_0
\d shop.thing
\d+ shop.thing
\d+ shop.heavy_thing
\dP shop.visit*
\dPn shop.*
\dPin+ shop.*
\dPtn+ shop.*
\dt+ shop.visit*
\di+ shop.visit*
\d+ shop.pair
\d shop.line
\d+ shop.active_customer
\d shop.nested
\d+ shop.sheet
\det+ shop.*
\des+ cat_*
\dew+ cat_*
\deu+ cat_*
\dy+ cat_*
\dX+ shop.*
\dAc btree text
\dAf btree text
\dAo+ btree shop.*
\dAp+ btree shop.*
\dl+
\df+ shop.net
\df+ shop.tidy
\dfp+ shop.*
\dft+ shop.*
\sf shop.net
\sf shop.tidy
\sf+ shop.net
\sf shop.all_of
\dx
\dx+ fuzzystrmatch
\dT+ shop.mood
\dC+ shop.address
\do+ shop.<%>
\dd shop.*
\ddp shop
\dp shop.visit*
\dp shop.sheet
\dn+ shop
\dE+ shop.*
\d shop.price_range
SELECT pg_describe_object(classid, objid, objsubid), deptype FROM pg_depend WHERE refobjid = 'shop.visit'::regclass ORDER BY 1, 2;
SELECT relid, parentrelid, isleaf, level FROM pg_partition_tree('shop.visit_page');
SELECT tgname, tgenabled, tgtype, pg_get_triggerdef(oid, true) FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname, tgrelid::regclass::text;
