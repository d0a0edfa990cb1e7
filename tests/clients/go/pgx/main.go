// pgx 5: every type in binary and in text, its query modes, batches, COPY, LISTEN, cancelling and its pool.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	t "pgfeather/clients/transcript"
)

var ctx = context.Background()

// failure writes all that an error of the server carries.
func failure(err error) string {
	if e, ok := t.Cause[*pgconn.PgError](err); ok {
		return fmt.Sprintf("%s %s %q detail=%q hint=%q position=%d where=%q names=%s|%s|%s|%s|%s", e.Severity, e.Code,
			e.Message, e.Detail, e.Hint, e.Position, e.Where, e.SchemaName, e.TableName, e.ColumnName, e.DataTypeName,
			e.ConstraintName)
	}
	text, _, _ := strings.Cut(fmt.Sprint("error ", err), ": cannot encode 0x") // an address follows
	return text
}

// one gives a query's only value, or its error.
func one(c *pgx.Conn, sql string, arguments ...any) string {
	rows, err := c.Query(ctx, sql, arguments...)
	if err != nil {
		return failure(err)
	}
	defer rows.Close()
	if !rows.Next() {
		return failure(rows.Err())
	}
	values, err := rows.Values()
	if err != nil {
		return failure(err)
	}
	return t.Show(values[0])
}

func values(c *pgx.Conn) {
	modes := map[string]pgx.QueryExecMode{"cached": pgx.QueryExecModeCacheStatement,
		"described": pgx.QueryExecModeCacheDescribe, "exec": pgx.QueryExecModeExec,
		"simple": pgx.QueryExecModeSimpleProtocol}
	for _, row := range t.Pairs("values.tsv") {
		name := row[0] + " " + row[1]
		quoted := "'" + strings.ReplaceAll(row[1], "'", "''") + "'"
		for _, mode := range []string{"cached", "described", "exec", "simple"} {
			t.Line(name+" "+mode, "%s", one(c, "SELECT "+quoted+"::"+row[0], modes[mode]))
		}
		t.Line(name+" as text", "%s", one(c, "SELECT $1::"+row[0], pgx.QueryResultFormats{pgx.TextFormatCode}, row[1]))
		rows, err := c.Query(ctx, "SELECT "+quoted+"::"+row[0])
		t.Need(err)
		rows.Next()
		given, _ := rows.Values()
		field := rows.FieldDescriptions()[0]
		rows.Close()
		t.Line(name+" field", "%s size=%d modifier=%d table=%d", field.Name, field.DataTypeSize, field.TypeModifier, field.TableOID)
		if given != nil {
			t.Line(name+" back", "%s", one(c, "SELECT ($1::"+row[0]+")::text", given[0]))
		}
	}
	t.Line("null", "%s", one(c, "SELECT $1::int4[]", nil))
}

func errorsOf(c *pgx.Conn) {
	for _, row := range t.Pairs("errors.tsv") {
		_, err := c.Exec(ctx, row[1])
		t.Line(row[0], "%s", failure(err))
		_, err = c.Exec(ctx, row[1], pgx.QueryExecModeSimpleProtocol)
		t.Line(row[0]+" simple", "%s", failure(err))
	}
	t.Line("parameters", "%s", one(c, "SELECT $1::int4 / $2::int4", 1, 0))
	t.Line("no type", "%s", one(c, "SELECT $1 || $2", "a", "b"))
}

func prepared(c *pgx.Conn) {
	description, err := c.Prepare(ctx, "find", "SELECT b.*, $2::text AS extra FROM book b WHERE id = $1 AND price < $3")
	t.Need(err)
	t.Line("parameter types", "%v", description.ParamOIDs)
	for _, f := range description.Fields {
		t.Line("result field", "%s column=%d size=%d modifier=%d of a table=%t", f.Name, f.TableAttributeNumber,
			f.DataTypeSize, f.TypeModifier, f.TableOID != 0)
	}
	t.Line("prepared", "%s", one(c, "find", 2, "x", 100))
	t.Line("read", "%s", one(c, "SELECT count(*) FROM author"))
	for _, step := range []string{"ALTER TABLE author ADD COLUMN more text DEFAULT 'm'", "ALTER TABLE author DROP COLUMN more"} {
		t.Line("before a change", "%s", one(c, "SELECT * FROM author WHERE id = $1", 1))
		_, err = c.Exec(ctx, step)
		t.Need(err)
		rows, err := c.Query(ctx, "SELECT * FROM author WHERE id = $1", 1)
		for err == nil && rows.Next() {
		}
		if err == nil {
			err = rows.Err()
		}
		t.Line("after it", "%s", failure(err))
	}
	t.Line("deallocate", "%v", c.Deallocate(ctx, "find"))
	t.Line("deallocated", "%s", one(c, "EXECUTE find(1, 'x', 2)"))
}

func transactions(c *pgx.Conn) {
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	t.Need(err)
	t.Line("isolation", "%s", one(c, "SHOW transaction_isolation"))
	_, err = tx.Exec(ctx, "INSERT INTO author (name) VALUES ('in a transaction')")
	t.Need(err)
	inner, err := tx.Begin(ctx)
	t.Need(err)
	_, err = inner.Exec(ctx, "INSERT INTO author (name) VALUES ('Ada')")
	t.Line("in a savepoint", "%s state=%c", failure(err), c.PgConn().TxStatus())
	_, err = inner.Exec(ctx, "SELECT 1")
	t.Line("after a failure", "%s", failure(err))
	t.Line("back to the savepoint", "%v state=%c", inner.Rollback(ctx), c.PgConn().TxStatus())
	t.Line("kept", "%s", one(c, "SELECT count(*) FROM author WHERE name LIKE 'in a%'"))
	t.Line("rolled back", "%v state=%c", tx.Rollback(ctx), c.PgConn().TxStatus())
	t.Line("gone", "%s", one(c, "SELECT count(*) FROM author WHERE name LIKE 'in a%'"))
	tx, _ = c.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly, DeferrableMode: pgx.Deferrable, IsoLevel: pgx.Serializable})
	_, err = tx.Exec(ctx, "DELETE FROM book")
	t.Line("read only", "%s", failure(err))
	t.Line("commit of a failed one", "%v", tx.Commit(ctx))
	tag, err := c.Exec(ctx, "INSERT INTO author (name) SELECT 'many ' || g FROM generate_series(1, 5) g")
	t.Line("tag", "%s %d %v", tag, tag.RowsAffected(), err)
	tag, err = c.Exec(ctx, "DELETE FROM author WHERE name LIKE 'many %'")
	t.Line("tag", "%s %d %v", tag, tag.RowsAffected(), err)
	t.Line("returning", "%s", one(c, "INSERT INTO author (name, born) VALUES ($1, $2) RETURNING (name, born)::text", "r", time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC)))
	t.Line("call", "%s", one(c, "CALL rename_author(1, 'Ada')"))
	t.Line("function", "%s", one(c, "SELECT add_numbers($1, $2)", 2, 3))
	t.Line("any", "%s", one(c, "SELECT count(*) FROM author WHERE id = ANY($1)", []int32{1, 2, 77}))
	t.Line("named", "%s", one(c, "SELECT @a::int4 - @b::int4", pgx.NamedArgs{"a": 9, "b": 4}))
}

func batches(c *pgx.Conn) {
	batch := &pgx.Batch{}
	for i := 0; i < 300; i++ {
		batch.Queue("SELECT $1::int4 * 2", i)
	}
	results := c.SendBatch(ctx, batch)
	sum := 0
	for i := 0; i < 300; i++ {
		var n int
		t.Need(results.QueryRow().Scan(&n))
		sum += n
	}
	t.Line("batch", "%d %v", sum, results.Close())
	batch = &pgx.Batch{}
	batch.Queue("INSERT INTO author (name) VALUES ('of a batch')")
	batch.Queue("SELECT 1 / $1::int4", 0)
	batch.Queue("SELECT 3")
	results = c.SendBatch(ctx, batch)
	for i := 0; i < 3; i++ {
		_, err := results.Exec()
		t.Line("failing batch", "%s", failure(err))
	}
	results.Close()
	t.Line("all of it undone", "%s", one(c, "SELECT count(*) FROM author WHERE name = 'of a batch'"))
	pipeline := c.PgConn().StartPipeline(ctx)
	pipeline.SendPrepare("p1", "SELECT $1::text || '!'", nil)
	pipeline.SendQueryPrepared("p1", [][]byte{[]byte("a")}, nil, nil)
	pipeline.SendQueryParams("SELECT 1/g FROM generate_series(0, 0) g", nil, nil, nil, nil)
	pipeline.SendQueryParams("SELECT 2", nil, nil, nil, nil)
	t.Need(pipeline.Sync())
	pipeline.SendQueryParams("SELECT 'after'", nil, nil, nil, nil)
	t.Need(pipeline.Sync())
	for {
		result, err := pipeline.GetResults()
		if err == nil && result == nil {
			break
		}
		switch r := result.(type) {
		case *pgconn.ResultReader:
			read := r.Read()
			t.Line("pipeline rows", "%q %v", read.Rows, read.Err)
		case *pgconn.StatementDescription:
			t.Line("pipeline statement", "%v", r.ParamOIDs)
		case *pgconn.PipelineSync:
			t.Line("pipeline", "synchronised")
		default:
			t.Line("pipeline failure", "%s", failure(err))
		}
	}
	t.Need(pipeline.Close())
}

func copies(c *pgx.Conn) {
	_, err := c.Exec(ctx, "CREATE TABLE copied (id int4, name text, day date, amount numeric, feeling mood, list int4[], made timestamptz)")
	t.Need(err)
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	count, err := c.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"id", "name", "day", "amount", "feeling", "list", "made"},
		pgx.CopyFromSlice(20000, func(i int) ([]any, error) {
			return []any{i, "name\t" + fmt.Sprint(i), day, fmt.Sprint(i, ".50"), "ok", []int32{int32(i)}, day}, nil
		}))
	t.Line("copied in binary", "%d %v", count, err)
	t.Line("what arrived", "%s", one(c, "SELECT (count(*), sum(amount), min(day), max(list[1]), count(DISTINCT made))::text FROM copied"))
	_, err = c.CopyFrom(ctx, pgx.Identifier{"author"}, []string{"name"}, pgx.CopyFromRows([][]any{{"x"}, {"Ada"}}))
	t.Line("refused copy", "%s", failure(err))
	_, err = c.CopyFrom(ctx, pgx.Identifier{"author"}, []string{"name"}, pgx.CopyFromFunc(func() ([]any, error) {
		return nil, errors.New("given up")
	}))
	t.Line("given up copy", "%s", failure(err))
	var out strings.Builder
	tag, err := c.PgConn().CopyTo(ctx, &out, "COPY (SELECT id, name, feeling FROM copied WHERE id < 3 ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)")
	t.Line("copied out", "%s %v %q", tag, err, out.String())
	tag, err = c.PgConn().CopyFrom(ctx, strings.NewReader("1;a\n2;\"b;\"\n"), "COPY copied (id, name) FROM STDIN WITH (FORMAT csv, DELIMITER ';')")
	t.Line("copied csv", "%s %v", tag, err)
	tag, err = c.PgConn().CopyFrom(ctx, strings.NewReader("1\tx\nno\ty\n"), "COPY copied (id, name) FROM STDIN")
	t.Line("bad line", "%s", failure(err))
}

func large(c *pgx.Conn) {
	text := strings.Repeat("äb", 700000)
	var length int
	t.Need(c.QueryRow(ctx, "SELECT length($1::text)", text).Scan(&length))
	t.Line("large parameter", "%d", length)
	var back []byte
	t.Need(c.QueryRow(ctx, "SELECT $1::bytea", make([]byte, 3000000)).Scan(&back))
	t.Line("large value", "%d", len(back))
	rows, err := c.Query(ctx, "SELECT g, repeat('x', 100) FROM generate_series(1, 100000) g")
	t.Need(err)
	n, sum := 0, 0
	var s string
	_, err = pgx.ForEachRow(rows, []any{&n, &s}, func() error { sum += n; return nil })
	t.Line("many rows", "%d %v", sum, err)
	parameters := make([]any, 20000)
	marks := make([]string, len(parameters))
	for i := range parameters {
		parameters[i], marks[i] = int32(i), fmt.Sprintf("$%d", i+1)
	}
	t.Line("many parameters", "%s", one(c, "SELECT count(*) FROM generate_series(0, 100000) g WHERE g IN ("+strings.Join(marks, ",")+")", parameters...))
}

func structures(c *pgx.Conn) {
	for _, name := range []string{"mood", "mood[]", "pair", "_pair"} {
		loaded, err := c.LoadType(ctx, strings.TrimSuffix(name, "[]"))
		if err != nil {
			t.Line("type "+name, "%s", failure(err))
			continue
		}
		c.TypeMap().RegisterType(loaded)
		t.Line("type "+name, "%T", loaded.Codec)
	}
	type pair struct {
		A int32
		B string
	}
	var p pair
	err := c.QueryRow(ctx, "SELECT $1::pair", pair{7, "seven"}).Scan(&p)
	t.Line("composite", "%+v %v", p, err)
	var list []pair
	err = c.QueryRow(ctx, "SELECT $1::pair[]", []pair{{1, "a"}, {2, "b"}}).Scan(&list)
	t.Line("composites", "%+v %v", list, err)
	type book struct {
		ID    int64
		Title string
		Price pgtype.Numeric
		Tags  []string
		Meta  map[string]any
	}
	rows, _ := c.Query(ctx, "SELECT id, title, price, tags, meta FROM book ORDER BY id")
	books, err := pgx.CollectRows(rows, pgx.RowToStructByName[book])
	t.Line("structs", "%+v %v", books, err)
}

func listening(c *pgx.Conn, other *pgx.Conn) {
	_, err := c.Exec(ctx, `LISTEN "news"`)
	t.Need(err)
	_, err = other.Exec(ctx, "BEGIN; NOTIFY news, 'one'; SELECT pg_notify('news', 'two'); NOTIFY news, 'one'; COMMIT")
	t.Need(err)
	for i := 0; i < 2; i++ {
		n, err := c.WaitForNotification(ctx)
		t.Need(err)
		t.Line("notification", "%s %s from the other=%t", n.Channel, n.Payload, n.PID == other.PgConn().PID())
	}
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	_, err = other.Exec(short, "SELECT pg_sleep(20)")
	t.Line("timed out", "%t closed=%t", errors.Is(err, context.DeadlineExceeded), other.IsClosed())
	go func() {
		time.Sleep(200 * time.Millisecond)
		c.PgConn().CancelRequest(ctx)
	}()
	_, err = c.Exec(ctx, "SELECT pg_sleep(20)")
	t.Line("cancelled", "%s", failure(err))
	_, err = c.Exec(ctx, "SET statement_timeout = 100; SELECT pg_sleep(20)", pgx.QueryExecModeSimpleProtocol)
	t.Line("timeout", "%s", failure(err))
	_, err = c.Exec(ctx, "RESET statement_timeout")
	t.Line("usable", "%s %v", one(c, "SELECT 1"), err)
}

func pool() {
	config, err := pgxpool.ParseConfig("pool_max_conns=4")
	t.Need(err)
	config.ConnConfig.RuntimeParams["application_name"] = "a pool"
	config.ConnConfig.RuntimeParams["search_path"] = "public"
	p, err := pgxpool.NewWithConfig(ctx, config)
	t.Need(err)
	defer p.Close()
	done := make(chan error)
	for i := 0; i < 16; i++ {
		go func(i int) {
			_, err := p.Exec(ctx, "INSERT INTO author (name) VALUES ($1)", fmt.Sprint("pooled ", i))
			done <- err
		}(i)
	}
	for i := 0; i < 16; i++ {
		t.Need(<-done)
	}
	var name string
	var count int
	t.Need(p.QueryRow(ctx, "SELECT current_setting('application_name'), count(*) FROM author WHERE name LIKE 'pooled%'").Scan(&name, &count))
	t.Line("pool", "%s %d", name, count)
	_, err = p.Exec(ctx, "DELETE FROM author WHERE name LIKE 'pooled%'")
	t.Need(err)
	_, err = pgx.Connect(ctx, "dbname=no_such_database")
	t.Line("no database", "%s", failure(err))
}

func main() {
	config, err := pgx.ParseConfig("")
	t.Need(err)
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		t.Line("notice", "%s %s %q", n.Severity, n.Code, n.Message)
	}
	c, err := pgx.ConnectConfig(ctx, config)
	t.Need(err)
	other, err := pgx.ConnectConfig(ctx, config)
	t.Need(err)
	_, err = c.Exec(ctx, t.Read("schema.sql"))
	t.Need(err)
	for _, name := range []string{"server_encoding", "client_encoding", "DateStyle", "IntervalStyle", "integer_datetimes",
		"standard_conforming_strings", "is_superuser", "in_hot_standby", "default_transaction_read_only"} {
		t.Line(name, "%s", c.PgConn().ParameterStatus(name))
	}
	_, err = c.Exec(ctx, "SET TimeZone = 'UTC'; DROP TABLE IF EXISTS nowhere", pgx.QueryExecModeSimpleProtocol)
	t.Need(err)
	t.Line("reported", "%s", c.PgConn().ParameterStatus("TimeZone"))
	values(c)
	errorsOf(c)
	prepared(c)
	transactions(c)
	batches(c)
	copies(c)
	large(c)
	structures(c)
	listening(c, other)
	pool()
}
