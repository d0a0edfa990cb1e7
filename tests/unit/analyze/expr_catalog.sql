-- literals of types whose input looks into the catalog, and of text search and jsonpath
select jb @? '$.a', jb @@ '$.a' from {t}
select tv @@ 'a', tv @@ to_tsquery('a'), b @@ 'x' from {t}
select jsonb_path_query('{}', '$')
select nextval('x')
select currval('pg_class'), setval('pg_class', 1), lastval()
select 'pg_class'::regclass, 'int4'::regtype, 'now'::regproc, 'pg_catalog'::regnamespace
select 'nosuch_table'::regclass
