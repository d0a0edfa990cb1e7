#!/usr/bin/env python3
"""Alembic and SQLAlchemy's reflection over psycopg: migrations up and down, and autogenerate, which must find nothing left."""
import os

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql as pg

URL = f"postgresql+psycopg://{os.environ['PGUSER']}@{os.environ['PGHOST']}:{os.environ['PGPORT']}/{os.environ['PGDATABASE']}"


def line(name, value):
    print(f"{name}: {value if isinstance(value, str) else repr(value)}")


def first_model():
    m = sa.MetaData(naming_convention={"ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
                                       "ck": "ck_%(table_name)s_%(constraint_name)s", "pk": "pk_%(table_name)s",
                                       "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s"})
    sa.Table("person", m, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(40), nullable=False, unique=True),
             sa.Column("age", sa.SmallInteger, server_default="18"), sa.Column("salary", sa.Numeric(10, 2), comment="in euro"),
             sa.Column("mood", sa.Enum("sad", "ok", name="mood_type")), sa.Column("tags", pg.ARRAY(sa.Text), server_default="{}"),
             sa.Column("settings", pg.JSONB, server_default=sa.text("'{}'::jsonb")), sa.Column("token", pg.UUID, server_default=sa.func.gen_random_uuid()),
             sa.Column("seen", sa.DateTime(timezone=True), server_default=sa.func.now()), sa.Column("during", pg.INT4RANGE),
             sa.Column("address", pg.INET), sa.Column("photo", sa.LargeBinary), sa.Column("active", sa.Boolean, server_default=sa.true()),
             sa.Column("wait", pg.INTERVAL), sa.Column("words", pg.TSVECTOR), sa.CheckConstraint("age >= 0", name="age"),
             sa.Index(None, "age", "salary"), sa.Index("person_lower", sa.text("lower(name)")),
             sa.Index("person_settings", "settings", postgresql_using="gin"),
             sa.Index("person_active", "name", postgresql_where=sa.text("active")), comment="who lives here")
    sa.Table("pet", m, sa.Column("id", sa.BigInteger, sa.Identity(start=10), primary_key=True),
             sa.Column("owner_id", sa.ForeignKey("person.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"), nullable=False),
             sa.Column("name", sa.Text), sa.Column("shout", sa.Text, sa.Computed("upper(name)", persisted=True)),
             sa.UniqueConstraint("owner_id", "name", postgresql_nulls_not_distinct=True))
    sa.Table("place", m, sa.Column("code", sa.CHAR(3), primary_key=True), sa.Column("at", sa.Time), schema="other")
    return m


def context(conn):
    return MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True, "include_schemas": True,
                                                  "target_metadata": None, "include_object": None})


def reflect(engine):
    i = sa.inspect(engine)
    line("schemas", [s for s in i.get_schema_names() if s != "information_schema"])
    line("default schema", i.default_schema_name)
    for schema in ("public", "other"):
        for table in sorted(i.get_table_names(schema=schema)):
            for c in i.get_columns(table, schema=schema):
                line(f"{table} column", {k: (str(v.compile(dialect=engine.dialect)) if k == "type" else v) for k, v in sorted(c.items())})
            line(f"{table} key", i.get_pk_constraint(table, schema=schema))
            for k in i.get_foreign_keys(table, schema=schema):
                line(f"{table} foreign key", k)
            for x in sorted(i.get_indexes(table, schema=schema), key=lambda x: x["name"]):
                line(f"{table} index", x)
            line(f"{table} unique", sorted(i.get_unique_constraints(table, schema=schema), key=lambda x: x["name"]))
            line(f"{table} checks", i.get_check_constraints(table, schema=schema))
            line(f"{table} comment", i.get_table_comment(table, schema=schema))
    line("enums", i.get_enums())
    line("views", i.get_view_names())
    line("sequences", i.get_sequence_names())


def change(op):
    op.add_column("pet", sa.Column("legs", sa.Integer, server_default="4", nullable=False))
    op.alter_column("pet", "name", new_column_name="title", existing_type=sa.Text)
    op.alter_column("person", "age", type_=sa.BigInteger, existing_type=sa.SmallInteger, server_default="21", nullable=False)
    op.alter_column("person", "salary", type_=sa.Numeric(12, 3), comment="gross", existing_comment="in euro")
    op.create_index("pet_legs", "pet", ["legs"], unique=False, postgresql_where=sa.text("legs > 2"))
    op.drop_constraint("uq_pet_owner_id", "pet", type_="unique")
    op.create_check_constraint("legs", "pet", "legs <= 100")
    op.drop_index("person_lower", table_name="person")
    op.rename_table("pet", "animal")
    op.create_table_comment("animal", "what lives here", existing_comment=None)
    op.execute("ALTER TYPE mood_type ADD VALUE 'happy' AFTER 'ok'")
    op.bulk_insert(sa.table("person", sa.column("name"), sa.column("mood")), [{"name": "Ada", "mood": "ok"}, {"name": "Bob", "mood": "sad"}])


def main():
    engine = sa.create_engine(URL)
    model = first_model()
    with engine.begin() as conn:
        conn.execute(sa.text("CREATE SCHEMA other"))
        model.create_all(conn)
        model.create_all(conn)
    reflect(engine)
    with engine.connect() as conn:
        mc = context(conn)
        line("left over", compare_metadata(mc, model))
        wanted = first_model()
        wanted.tables["pet"].append_column(sa.Column("born", sa.Date))
        wanted.remove(wanted.tables["other.place"])
        line("autogenerated", render_python_code(produce_migrations(mc, wanted).upgrade_ops).replace("\n", " / "))
    with engine.begin() as conn:
        mc = context(conn)
        mc._ensure_version_table()
        change(Operations(mc))
    reflect(engine)
    with engine.connect() as conn:
        line("rows", conn.execute(sa.text("SELECT name, mood, age FROM person ORDER BY id")).all())
        line("differences", [d[0] if isinstance(d, tuple) else [x[0] for x in d] for d in compare_metadata(context(conn), first_model())])
    other = sa.MetaData()
    other.reflect(engine, schema="public")
    line("reflected", sorted(other.tables))
    with engine.begin() as conn:
        other.drop_all(conn)
        model.tables["other.place"].drop(conn)
        conn.execute(sa.text("DROP SCHEMA other"))
    line("left", sa.inspect(engine).get_table_names())


main()
