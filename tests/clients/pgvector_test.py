#!/usr/bin/env python3
"""pgvector's Python package with psycopg 3, psycopg2, asyncpg, SQLAlchemy and Django: types both ways, in text and binary, indexes and
nearest-neighbour queries as its users write them. Each part needs its own libraries and is skipped without them."""
import asyncio
import os

from common import check, check_true, finish, skip

try:
    import numpy as np
    from pgvector import Bit, HalfVector, SparseVector, Vector
except ImportError:
    skip("pgvector's Python package is not installed")

ROWS = [[1, 1, 1], [2, 2, 2], [1, 1, 2]]


def plain(value):
    """What a library gives for a vector, as a list of numbers."""
    if hasattr(value, "to_list"):
        value = value.to_list()
    return [round(float(x), 5) for x in value]


def floats(value):
    """The expected side of it."""
    return [floats(x) for x in value] if isinstance(value, list) else round(float(value), 5)


def bits(value):
    """Of a bit string, which comes as text, as bytes or as a Bit."""
    return value.decode() if isinstance(value, bytes) else value if isinstance(value, str) else value.to_text()


def test_psycopg3():
    try:
        import psycopg
        from pgvector.psycopg import register_vector
    except ImportError:
        print("psycopg is not installed")
        return
    with psycopg.connect(autocommit=True) as conn:
        conn.execute("CREATE EXTENSION IF NOT EXISTS vector")
        register_vector(conn)
        conn.execute("DROP TABLE IF EXISTS p3")
        conn.execute("CREATE TABLE p3 (id bigserial PRIMARY KEY, v vector(3), h halfvec(3), b bit(3), s sparsevec(3), vs vector[], hs halfvec[])")
        v, h, b, s = np.array([1.5, 2, 3]), HalfVector([1.5, 2, 3]), Bit([True, False, True]), SparseVector([1.5, 0, 3])
        conn.execute("INSERT INTO p3 (v, h, b, s, vs, hs) VALUES (%s, %s, %s, %s, %s, %s), (NULL, NULL, NULL, NULL, NULL, NULL)",
                     (v, h, b, s, [v, np.array([4, 5, 6])], [h]))
        for binary in (False, True):
            cur = conn.cursor(binary=binary)
            row = cur.execute("SELECT v, h, b, s, vs, hs FROM p3 ORDER BY id").fetchone()
            check(f"psycopg 3 vector {binary}", plain(row[0]), floats([1.5, 2, 3]))
            check(f"psycopg 3 halfvec {binary}", plain(row[1]), floats([1.5, 2, 3]))
            check(f"psycopg 3 bit {binary}", bits(row[2]) if not binary else row[2] is not None, "101" if not binary else True)
            check(f"psycopg 3 sparsevec {binary}", plain(row[3]), floats([1.5, 0, 3]))
            check(f"psycopg 3 vector[] {binary}", [plain(x) for x in row[4]], floats([[1.5, 2, 3], [4, 5, 6]]))
            check(f"psycopg 3 halfvec[] {binary}", [plain(x) for x in row[5]], floats([[1.5, 2, 3]]))
            row = cur.execute("SELECT v <-> %b AS d, h <-> %b, s <-> %b, b <~> %b FROM p3 ORDER BY d LIMIT 1",
                              (Vector([1.5, 2, 5]), HalfVector([1.5, 2, 5]), SparseVector([1.5, 0, 5]), Bit("011"))).fetchone()
            check(f"psycopg 3 distances {binary}", [float(x) for x in row], floats([2, 2, 2, 2]))
        with conn.cursor().copy("COPY p3 (v, h, s) FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(["vector", "halfvec", "sparsevec"])
            for i in range(50):
                copy.write_row((Vector([i, i, 1]), HalfVector([i, 1, 1]), SparseVector([0, i, 0])))
        conn.execute("CREATE INDEX ON p3 USING hnsw (v vector_l2_ops)")
        row = conn.execute("SELECT v FROM p3 ORDER BY v <-> %s LIMIT 1", (np.array([40.2, 40, 1]),)).fetchone()
        check("psycopg 3 binary COPY and index", plain(row[0]), floats([40, 40, 1]))
        conn.execute("DROP TABLE p3")


def test_psycopg2():
    try:
        import psycopg2
        from pgvector.psycopg2 import register_vector
    except ImportError:
        print("psycopg2 is not installed")
        return
    conn = psycopg2.connect("")
    conn.autocommit = True
    cur = conn.cursor()
    cur.execute("CREATE EXTENSION IF NOT EXISTS vector")
    register_vector(conn)
    cur.execute("CREATE TABLE p2 (id serial PRIMARY KEY, v vector(3), h halfvec(3), s sparsevec(3), vs vector[])")
    cur.execute("INSERT INTO p2 (v, h, s, vs) VALUES (%s, %s, %s, %s::vector[])",
                (np.array([1.5, 2, 3]), HalfVector([1, 2, 3]), SparseVector([0, 1, 0]), [np.array([1, 2, 3])]))
    cur.execute("SELECT v, h, s, vs FROM p2")
    row = cur.fetchone()
    check("psycopg2", [plain(x) for x in row[:3]] + [plain(row[3][0])], floats([[1.5, 2, 3], [1, 2, 3], [0, 1, 0], [1, 2, 3]]))
    cur.execute("SELECT v <-> %s FROM p2", (np.array([1.5, 2, 4]),))
    check("psycopg2 distance", cur.fetchone()[0], 1.0)
    cur.execute("DROP TABLE p2")
    conn.close()


def test_asyncpg():
    try:
        import asyncpg
        from pgvector.asyncpg import register_vector
    except ImportError:
        print("asyncpg is not installed")
        return

    async def run():
        conn = await asyncpg.connect(host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user=os.environ["PGUSER"],
                                     database=os.environ["PGDATABASE"])
        await conn.execute("CREATE EXTENSION IF NOT EXISTS vector")
        await register_vector(conn)
        await conn.execute("CREATE TABLE ap (id bigserial PRIMARY KEY, v vector(3), h halfvec(3), b bit(3), s sparsevec(3))")
        await conn.execute("INSERT INTO ap (v, h, s) VALUES ($1, $2, $3)", np.array([1.5, 2, 3]), HalfVector([1, 2, 3]),
                           SparseVector([0, 1, 0]))
        row = await conn.fetchrow("SELECT v, h, s FROM ap ORDER BY v <-> $1 LIMIT 1", np.array([1, 1, 1]))
        check("asyncpg", [plain(x) for x in row], floats([[1.5, 2, 3], [1, 2, 3], [0, 1, 0]]))
        await conn.executemany("INSERT INTO ap (v) VALUES ($1)", [(np.array(r),) for r in ROWS])
        rows = await conn.fetch("SELECT v FROM ap ORDER BY v <=> $1, v LIMIT 2", np.array([1, 1, 1]))
        check("asyncpg order", [plain(r["v"]) for r in rows], floats([[1, 1, 1], [2, 2, 2]]))
        await conn.execute("DROP TABLE ap")
        await conn.close()

    asyncio.run(run())


def test_sqlalchemy():
    try:
        from pgvector.sqlalchemy import BIT, HALFVEC, SPARSEVEC, VECTOR, avg, sum as vector_sum
        from sqlalchemy import Index, Integer, create_engine, inspect, insert, select, text
        from sqlalchemy.orm import Session, declarative_base, mapped_column
    except ImportError:
        print("SQLAlchemy is not installed")
        return
    base = declarative_base()

    class Item(base):
        __tablename__ = "sa_item"
        id = mapped_column(Integer, primary_key=True)
        embedding = mapped_column(VECTOR(3))
        half = mapped_column(HALFVEC(3))
        bits = mapped_column(BIT(3))
        sparse = mapped_column(SPARSEVEC(3))
        __table_args__ = (
            Index("sa_item_hnsw", "embedding", postgresql_using="hnsw", postgresql_with={"m": 16, "ef_construction": 64},
                  postgresql_ops={"embedding": "vector_l2_ops"}),
            Index("sa_item_ivf", "half", postgresql_using="ivfflat", postgresql_with={"lists": 1},
                  postgresql_ops={"half": "halfvec_l2_ops"}),
        )

    engine = create_engine("postgresql+psycopg://", connect_args={
        "host": os.environ["PGHOST"], "port": os.environ["PGPORT"], "user": os.environ["PGUSER"], "dbname": os.environ["PGDATABASE"]})
    with Session(engine) as session:
        session.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
        session.commit()
    base.metadata.drop_all(engine)
    base.metadata.create_all(engine)
    with Session(engine) as session:
        for i, r in enumerate(ROWS):
            session.add(Item(id=i + 1, embedding=r, half=r, bits="101" if i else "000", sparse=SparseVector(r)))
        session.add(Item(id=4))
        session.execute(insert(Item), [{"id": 5, "embedding": np.array([9, 9, 9])}])
        session.commit()
        for name, by, want in (
                ("l2", Item.embedding.l2_distance([1, 1, 1]), [1, 3, 2]),
                ("max_inner_product", Item.embedding.max_inner_product([1, 1, 1]), [5, 2, 3]),
                ("cosine", Item.embedding.cosine_distance([1, 1, 2]), [3, 1, 2]),
                ("l1", Item.embedding.l1_distance([1, 1, 1]), [1, 3, 2]),
                ("halfvec", Item.half.l2_distance([1, 1, 1]), [1, 3, 2]),
                ("sparsevec", Item.sparse.l2_distance(SparseVector([1, 1, 1])), [1, 3, 2]),
                ("hamming", Item.bits.hamming_distance("101"), [2, 3, 1])):
            check(f"SQLAlchemy {name}", list(session.scalars(select(Item.id).where(Item.id != 4).order_by(by, Item.id).limit(3))), want)
        near = session.scalars(select(Item).filter(Item.embedding.l2_distance([1, 1, 1]) < 1)).all()
        check("SQLAlchemy threshold", [i.id for i in near], [1])
        check("SQLAlchemy distances", [float(d) for d in session.scalars(
            select(Item.embedding.l2_distance([1, 1, 1])).where(Item.id <= 3).order_by(Item.id))], [0.0, 3 ** 0.5, 1.0])
        check("SQLAlchemy avg", plain(session.scalars(select(avg(Item.embedding)).where(Item.id < 3)).first()), floats([1.5, 1.5, 1.5]))
        check("SQLAlchemy sum", plain(session.scalars(select(vector_sum(Item.half))).first()), floats([4, 4, 5]))
        item = session.get(Item, 1)
        check("SQLAlchemy value", plain(item.embedding), floats([1, 1, 1]))
        item.embedding = np.array([7, 8, 9])
        session.commit()
        check("SQLAlchemy update", plain(session.get(Item, 1).embedding), floats([7, 8, 9]))
    names = {i["name"] for i in inspect(engine).get_indexes("sa_item")}
    check("SQLAlchemy reflects indexes", names, {"sa_item_hnsw", "sa_item_ivf"})
    check_true("SQLAlchemy reflects types", "VECTOR(3)" in str(
        {c["name"]: c["type"] for c in inspect(engine).get_columns("sa_item")}["embedding"]))
    base.metadata.drop_all(engine)
    engine.dispose()


def test_django():
    try:
        import django
        from django.conf import settings
    except ImportError:
        print("Django is not installed")
        return
    settings.configure(
        INSTALLED_APPS=[], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"],
                               "USER": os.environ["PGUSER"], "NAME": os.environ["PGDATABASE"]}})
    django.setup()
    from django.db import connection, migrations, models
    from django.db.migrations.loader import MigrationLoader
    from django.db.models import Avg, Sum
    from pgvector.django import (BitField, CosineDistance, HalfVectorField, HammingDistance, HnswIndex, IvfflatIndex,
                                 L1Distance, L2Distance, MaxInnerProduct, SparseVectorField, VectorExtension, VectorField)

    class Item(models.Model):
        embedding = VectorField(dimensions=3, null=True)
        half = HalfVectorField(dimensions=3, null=True)
        bits = BitField(length=3, null=True)
        sparse = SparseVectorField(dimensions=3, null=True)

        class Meta:
            app_label = "app"
            indexes = [
                IvfflatIndex(name="dj_ivf", fields=["embedding"], lists=100, opclasses=["vector_l2_ops"]),
                HnswIndex(name="dj_hnsw", fields=["embedding"], m=16, ef_construction=64, opclasses=["vector_cosine_ops"])]

    class Migration(migrations.Migration):
        operations = [VectorExtension()]

    project = MigrationLoader(connection).project_state()
    Migration("0001", "app").apply(project, connection.schema_editor())
    with connection.schema_editor() as editor:
        editor.create_model(Item)
    for i, r in enumerate(ROWS):
        Item(id=i + 1, embedding=r, half=r, bits="101" if i else "000", sparse=SparseVector(r)).save()
    for name, by, want in (("L2", L2Distance("embedding", [1, 1, 1]), [1, 3, 2]),
                           ("inner product", MaxInnerProduct("embedding", [1, 1, 1]), [2, 3, 1]),
                           ("cosine", CosineDistance("embedding", [1, 1, 2]), [3, 1, 2]),
                           ("L1", L1Distance("embedding", [1, 1, 1]), [1, 3, 2]),
                           ("halfvec", L2Distance("half", [1, 1, 1]), [1, 3, 2]),
                           ("sparsevec", L2Distance("sparse", SparseVector([1, 1, 1])), [1, 3, 2]),
                           ("Hamming", HammingDistance("bits", "101"), [2, 3, 1])):
        check(f"Django {name}", [i.id for i in Item.objects.order_by(by, "id")[:3]], want)
    check("Django annotate", [round(i.d, 5) for i in Item.objects.annotate(d=L2Distance("embedding", [1, 1, 1])).order_by("id")],
          [0.0, 1.73205, 1.0])
    check("Django filter", [i.id for i in Item.objects.alias(d=L2Distance("embedding", [1, 1, 1])).filter(d__lt=1)], [1])
    check("Django avg", plain(Item.objects.aggregate(a=Avg("embedding"))["a"]), floats([4 / 3, 4 / 3, 5 / 3]))
    check("Django sum", plain(Item.objects.aggregate(a=Sum("half"))["a"]), floats([4, 4, 5]))
    item = Item.objects.get(pk=1)
    check("Django value", plain(item.embedding), floats([1, 1, 1]))
    item.embedding = None
    item.save()
    check("Django null", Item.objects.filter(embedding__isnull=True).count(), 1)
    with connection.schema_editor() as editor:
        editor.delete_model(Item)
    connection.close()


for part in (test_psycopg3, test_psycopg2, test_asyncpg, test_sqlalchemy, test_django):
    try:
        part()
    except Exception as e:  # noqa: BLE001
        check(part.__name__, repr(e)[:400], "no exception")
finish()
