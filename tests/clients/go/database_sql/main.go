// database/sql with lib/pq and with pgx's driver, and sqlx over both: what each shows of the same things.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	t "pgfeather/clients/transcript"
)

var ctx = context.Background()

func failure(err error) string {
	if e, ok := t.Cause[*pq.Error](err); ok {
		return fmt.Sprintf("%s %s (%s) %q detail=%q hint=%q position=%s where=%q names=%s|%s|%s|%s|%s", e.Severity, e.Code,
			e.Code.Name(), e.Message, e.Detail, e.Hint, e.Position, e.Where, e.Schema, e.Table, e.Column, e.DataTypeName, e.Constraint)
	}
	if e, ok := t.Cause[*pgconn.PgError](err); ok {
		return fmt.Sprintf("%s %s %q", e.Severity, e.Code, e.Message)
	}
	return fmt.Sprint("error ", err)
}

func one(db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, query string, arguments ...any) string {
	var value any
	if err := db.QueryRowContext(ctx, query, arguments...).Scan(&value); err != nil {
		return failure(err)
	}
	return t.Show(value)
}

func values(label string, db *sql.DB) {
	for _, row := range t.Pairs("values.tsv") {
		name := label + " " + row[0] + " " + row[1]
		quoted := pq.QuoteLiteral(row[1])
		t.Line(name+" literal", "%s", one(db, "SELECT "+quoted+"::"+row[0]))
		t.Line(name+" parameter", "%s", one(db, "SELECT $1::"+row[0]+"", row[1]))
		rows, err := db.QueryContext(ctx, "SELECT "+quoted+"::"+row[0]+" AS v")
		if err != nil {
			t.Line(name+" column", "%s", failure(err))
			continue
		}
		columns, _ := rows.ColumnTypes()
		length, hasLength := columns[0].Length()
		precision, scale, hasScale := columns[0].DecimalSize()
		typeName := columns[0].DatabaseTypeName()
		if strings.Trim(typeName, "0123456789") == "" {
			typeName = "unknown to the driver" // an OID
		}
		t.Line(name+" column", "%s %s %v %d %t %d %d %t", columns[0].Name(), typeName, columns[0].ScanType(),
			length, hasLength, precision, scale, hasScale)
		rows.Close()
	}
}

func flow(label string, db *sql.DB) {
	for _, row := range t.Pairs("errors.tsv") {
		_, err := db.ExecContext(ctx, row[1])
		t.Line(label+" "+row[0], "%s", failure(err))
	}
	statement, err := db.PrepareContext(ctx, "INSERT INTO author (name, born) VALUES ($1, $2) RETURNING id")
	t.Need(err)
	var id int64
	for i := 0; i < 3; i++ {
		err = statement.QueryRowContext(ctx, fmt.Sprint(label, i), sql.NullTime{}).Scan(&id)
		t.Line(label+" prepared insert", "%t %v", id > 2, err)
	}
	t.Need(statement.Close())
	result, err := db.ExecContext(ctx, "DELETE FROM author WHERE name LIKE $1", label+"%")
	t.Need(err)
	affected, _ := result.RowsAffected()
	_, err = result.LastInsertId()
	t.Line(label+" deleted", "%d %v", affected, err)
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
	t.Need(err)
	t.Line(label+" transaction", "%s %s", one(tx, "SHOW transaction_isolation"), one(tx, "SHOW transaction_read_only"))
	_, err = tx.Exec("DELETE FROM book")
	t.Line(label+" read only", "%s", failure(err))
	t.Line(label+" ended", "%v", tx.Rollback())
	tx, _ = db.Begin()
	_, err = tx.Exec("SAVEPOINT a")
	t.Need(err)
	_, err = tx.Exec("INSERT INTO author (name) VALUES ('Ada')")
	t.Line(label+" unique", "%s", failure(err))
	_, err = tx.Exec("ROLLBACK TO SAVEPOINT a")
	t.Line(label+" savepoint", "%v %s", err, one(tx, "SELECT count(*) FROM author"))
	t.Line(label+" commit", "%v", tx.Commit())
	tx, _ = db.Begin()
	_, err = tx.Exec("SELECT 1/0")
	t.Line(label+" commit of a failed one", "%s %v", failure(err), tx.Commit())
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	_, err = db.ExecContext(short, "SELECT pg_sleep(20)")
	t.Line(label+" timed out", "%t", err != nil)
	t.Line(label+" usable", "%s", one(db, "SELECT 1"))
	t.Line(label+" large", "%s", one(db, "SELECT length($1)", strings.Repeat("x", 1500000)))
	rows, err := db.Query("SELECT 1 AS a; SELECT 'x' AS b, 2 AS c")
	if err != nil {
		t.Line(label+" two results", "%s", failure(err))
		return
	}
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() {
		}
		names, _ := rows.Columns()
		t.Line(label+" two results", "%v %v", names, rows.Err())
	}
	rows.Close()
}

func copying(db *sql.DB) {
	_, err := db.Exec(`CREATE TABLE copied ("Id" int, name text, list text[])`)
	t.Need(err)
	tx, err := db.Begin()
	t.Need(err)
	statement, err := tx.Prepare(pq.CopyIn("copied", "Id", "name", "list"))
	t.Need(err)
	for i := 0; i < 5000; i++ {
		_, err = statement.Exec(i, "tab\t\\ line\n", pq.Array([]string{"a,b", "\"", ""}))
		t.Need(err)
	}
	result, err := statement.Exec()
	t.Need(err)
	count, _ := result.RowsAffected()
	t.Need(statement.Close())
	t.Need(tx.Commit())
	t.Line("copied", "%d %s", count, one(db, "SELECT (count(*), min(name), max(list))::text FROM copied"))
	tx, _ = db.Begin()
	statement, err = tx.Prepare(pq.CopyIn("author", "name"))
	t.Need(err)
	_, err = statement.Exec("Ada")
	t.Need(err)
	_, err = statement.Exec()
	t.Line("refused copy", "%s", failure(err))
	t.Need(tx.Rollback())
}

func listening(db *sql.DB) {
	listener := pq.NewListener("sslmode=disable", time.Second, time.Minute, nil)
	defer listener.Close()
	t.Need(listener.Listen("news"))
	t.Line("listening twice", "%v", listener.Listen("news"))
	_, err := db.Exec("SELECT pg_notify('news', $1)", "payload ä")
	t.Need(err)
	n := <-listener.Notify
	t.Line("notification", "%s %s", n.Channel, n.Extra)
	t.Line("ping", "%v", listener.Ping())
	t.Line("unlisten", "%v", listener.Unlisten("news"))
}

type book struct {
	ID       int64
	AuthorID int64 `db:"author_id"`
	Title    string
	Price    string
	Copies   sql.NullInt64
	Feeling  *string
	Tags     pq.StringArray
	Meta     []byte
	Added    time.Time
}

func structures(label string, db *sqlx.DB) {
	var books []book
	t.Need(db.Select(&books, "SELECT * FROM book ORDER BY id"))
	for _, b := range books {
		t.Line(label+" book", "%d %d %s %s %v %s %q %s %s", b.ID, b.AuthorID, b.Title, b.Price, b.Copies, *b.Feeling, b.Tags, b.Meta, b.Added.UTC())
	}
	query, arguments, err := sqlx.In("SELECT count(*) FROM book WHERE title IN (?) AND price > ?", []string{"Notes", "none"}, 1.5)
	t.Need(err)
	var n int
	t.Line(label+" in", "%v %d", db.Get(&n, db.Rebind(query), arguments...), n)
	_, err = db.NamedExec("UPDATE book SET price = :price WHERE title = :title", map[string]any{"price": "12.50", "title": "Notes"})
	t.Line(label+" named", "%v", err)
	_, err = db.NamedExec("INSERT INTO author (name) VALUES (:name)", []map[string]any{{"name": "s1"}, {"name": "s2"}})
	t.Line(label+" named rows", "%v %s", err, one(db.DB, "WITH d AS (DELETE FROM author WHERE name IN ('s1', 's2') RETURNING 1) SELECT count(*) FROM d"))
}

func main() {
	for i, label := range []string{"postgres", "pgx"} {
		db, err := sql.Open(label, "sslmode=disable")
		t.Need(err)
		db.SetMaxOpenConns(3)
		t.Need(db.Ping())
		if i == 0 {
			_, err = db.Exec(t.Read("schema.sql"))
			t.Need(err)
		}
		values(label, db)
		flow(label, db)
		if i == 0 {
			copying(db)
			listening(db)
		}
		structures(label, sqlx.NewDb(db, label))
		t.Need(db.Close())
	}
}
