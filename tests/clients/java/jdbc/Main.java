// Main.java: pgjdbc: values in text and binary, metadata, batches, COPY, large results, LISTEN, cancelling, large objects.
import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.sql.*;
import java.time.*;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyManager;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;

public final class Main {
    static Connection connect(String options) throws SQLException {
        return DriverManager.getConnection(Transcript.url(options));
    }

    static Object one(Connection c, String sql, Object... arguments) throws SQLException {
        try (PreparedStatement s = c.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++)
                s.setObject(i + 1, arguments[i]);
            try (ResultSet r = s.executeQuery()) {
                return r.next() ? r.getObject(1) : "no row";
            }
        }
    }

    // Each value as the driver gives it, said again, and as the classes of java.time and the plain getters read it.
    static void values(String label, Connection c) throws Exception {
        for (String[] row : Transcript.pairs("values.tsv")) {
            String name = label + " " + row[0] + " " + row[1];
            String literal = "'" + row[1].replace("'", "''") + "'::" + row[0];
            Transcript.attempt(name, () -> one(c, "SELECT " + literal));
            Transcript.attempt(name + " text", () -> {
                try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT " + literal + " AS v")) {
                    ResultSetMetaData m = r.getMetaData();
                    r.next();
                    return r.getString(1).replaceFirst("^\\[B@.*", "a Java array") + " " + m.getColumnTypeName(1) + " " + JDBCType.valueOf(m.getColumnType(1)) + " " + m.getPrecision(1)
                        + " " + m.getScale(1) + " " + m.getColumnDisplaySize(1) + " " + m.getColumnClassName(1) + " " + m.isSigned(1);
                }
            });
            Transcript.attempt(name + " back", () -> {
                Object value = one(c, "SELECT " + literal);
                return one(c, "SELECT (?::" + row[0] + ")::text", value);
            });
        }
        Class<?>[] classes = {LocalDate.class, LocalTime.class, LocalDateTime.class, OffsetDateTime.class, java.util.UUID.class, java.math.BigDecimal.class};
        String[] texts = {"'2024-02-29'::date", "'23:59:59.999999'::time", "'2024-02-29 13:14:15.123456'::timestamp",
            "'2024-02-29 13:14:15.123456+00'::timestamptz", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "1.10::numeric"};
        for (int i = 0; i < texts.length; i++) {
            Class<?> type = classes[i];
            String sql = "SELECT " + texts[i] + " AS v, ? AS same";
            try (PreparedStatement s = c.prepareStatement(sql.replace("?", "?::" + texts[i].replaceAll(".*::", "")))) {
                for (int round = 0; round < 7; round++) { // past prepareThreshold
                    s.setObject(1, one(c, "SELECT " + texts[i]));
                    try (ResultSet r = s.executeQuery()) {
                        r.next();
                        if (round % 6 == 0)
                            Transcript.line(label + " " + texts[i] + " round " + round, r.getObject(1, type) + " " + r.getString(2));
                    }
                }
            }
        }
    }

    static void errors(Connection c) throws Exception {
        for (String[] row : Transcript.pairs("errors.tsv")) {
            Transcript.attempt(row[0], () -> {
                try (Statement s = c.createStatement()) {
                    return s.execute(row[1]);
                }
            });
        }
        Transcript.attempt("varchar where int is", () -> one(c, "SELECT * FROM author WHERE id = ?", "1"));
        Transcript.attempt("division", () -> one(c, "SELECT 1 / ?", 0));
        Transcript.attempt("too few", () -> one(c, "SELECT ?::int"));
    }

    static void flow(Connection c) throws Exception {
        try (PreparedStatement s = c.prepareStatement("INSERT INTO author (name) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
            s.setString(1, "generated");
            Transcript.line("inserted", s.executeUpdate());
            try (ResultSet keys = s.getGeneratedKeys()) {
                ResultSetMetaData m = keys.getMetaData();
                for (int i = 1; i <= m.getColumnCount(); i++)
                    Transcript.line("key column", m.getColumnName(i) + " " + m.getTableName(i) + " " + m.getSchemaName(i) + " " + m.isAutoIncrement(i)
                        + " " + m.isNullable(i) + " " + m.getColumnTypeName(i));
            }
            for (int i = 0; i < 1000; i++) {
                s.setString(1, "batch " + i);
                s.addBatch();
            }
            Transcript.line("batch", java.util.stream.IntStream.of(s.executeBatch()).sum());
            s.setString(1, "batch b");
            s.addBatch();
            s.setString(1, "Ada");
            s.addBatch();
            try {
                s.executeBatch();
            } catch (BatchUpdateException e) {
                Transcript.line("failed batch", Transcript.failure(e.getNextException()) + " " + java.util.Arrays.toString(e.getUpdateCounts()));
            }
        }
        try (Statement s = c.createStatement()) {
            Transcript.line("several", s.execute("UPDATE author SET born = NULL WHERE name LIKE 'batch%'; SELECT 1; DELETE FROM author WHERE name LIKE 'batch%'"));
            do {
                try (ResultSet r = s.getResultSet()) {
                    Transcript.line("one of them", r == null ? "count " + s.getUpdateCount() : "rows");
                }
            } while (s.getMoreResults() || s.getUpdateCount() != -1);
            s.execute("DELETE FROM author WHERE name = 'generated'");
            s.execute("DROP TABLE IF EXISTS nowhere");
            Transcript.line("warning", s.getWarnings().getSQLState() + " " + s.getWarnings().getMessage());
        }
        Transcript.attempt("function", () -> {
            try (CallableStatement s = c.prepareCall("{? = call add_numbers(?, ?)}")) {
                s.registerOutParameter(1, Types.INTEGER);
                s.setInt(2, 3);
                s.setInt(3, 4);
                s.execute();
                return s.getInt(1);
            }
        });
        Transcript.attempt("escapes", () -> one(c, "SELECT {fn concat('a', {fn ucase('b')})} || {d '2024-01-02'} || {fn length('abc')}"));
        Transcript.attempt("described", () -> {
            try (PreparedStatement s = c.prepareStatement("SELECT b.*, ?::text, price * ? FROM book b WHERE id = ANY (?) AND added > ?")) {
                ParameterMetaData p = s.getParameterMetaData();
                for (int i = 1; i <= p.getParameterCount(); i++)
                    Transcript.line("parameter", p.getParameterTypeName(i) + " " + p.getParameterClassName(i) + " " + p.getPrecision(i) + " " + p.isSigned(i));
                ResultSetMetaData m = s.getMetaData();
                for (int i = 1; i <= m.getColumnCount(); i++)
                    Transcript.line("column", m.getColumnLabel(i) + " " + m.getTableName(i) + " " + m.getColumnTypeName(i) + " " + m.isNullable(i) + " "
                        + m.isAutoIncrement(i) + " " + m.getPrecision(i) + " " + m.getScale(i) + " " + m.isCaseSensitive(i));
            }
            return "whole";
        });
        Transcript.attempt("array", () -> one(c, "SELECT count(*) FROM author WHERE id = ANY (?)", c.createArrayOf("int4", new Object[] {1, 2, null})));
    }

    static void transactions(Connection c, Connection other) throws Exception {
        c.setAutoCommit(false);
        c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        Transcript.line("isolation", one(c, "SHOW transaction_isolation"));
        c.rollback();
        c.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        try (Statement s = c.createStatement()) {
            s.executeUpdate("INSERT INTO author (name) VALUES ('first')");
            Savepoint p = c.setSavepoint("here");
            Transcript.attempt("unique", () -> s.executeUpdate("INSERT INTO author (name) VALUES ('Ada')"));
            Transcript.attempt("failed", () -> s.executeUpdate("DELETE FROM author"));
            c.rollback(p);
            s.executeUpdate("INSERT INTO author (name) VALUES ('second')");
            c.releaseSavepoint(p);
            Transcript.line("not seen", one(other, "SELECT count(*) FROM author WHERE name IN ('first', 'second')"));
            c.commit();
            Transcript.line("seen", one(other, "SELECT count(*) FROM author WHERE name IN ('first', 'second')"));
            s.executeUpdate("DELETE FROM author WHERE name IN ('first', 'second')");
            c.commit();
            s.setFetchSize(100);
            try (ResultSet r = s.executeQuery("SELECT g, repeat('x', 50) FROM generate_series(1, 5000) g")) {
                long sum = 0;
                while (r.next())
                    sum += r.getLong(1);
                Transcript.line("fetched by hundreds", sum);
            }
            c.commit();
            try (Statement scroll = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE);
                 ResultSet r = scroll.executeQuery("SELECT id, name, born FROM author ORDER BY id")) {
                r.last();
                Transcript.line("last", r.getRow());
                r.absolute(1);
                r.updateDate("born", java.sql.Date.valueOf("1900-01-01"));
                r.updateRow();
                r.moveToInsertRow();
                r.updateString("name", "inserted row");
                r.insertRow();
                Transcript.line("updated row", one(c, "SELECT born FROM author WHERE id = 1"));
            }
            c.rollback();
            c.setReadOnly(true);
            Transcript.attempt("read only", () -> s.executeUpdate("DELETE FROM book"));
            c.rollback();
            c.setReadOnly(false);
            s.execute("CREATE FUNCTION books() RETURNS refcursor LANGUAGE plpgsql AS 'DECLARE c refcursor := ''all_books''; BEGIN OPEN c FOR SELECT title FROM book ORDER BY id; RETURN c; END'");
            try (CallableStatement call = c.prepareCall("{? = call books()}")) {
                call.registerOutParameter(1, Types.REF_CURSOR);
                call.execute();
                try (ResultSet r = call.getObject(1, ResultSet.class)) {
                    r.next();
                    Transcript.line("refcursor", r.getString(1));
                }
            }
            c.rollback();
        }
        c.setAutoCommit(true);
    }

    static List<String> rows(ResultSet r, String... columns) throws SQLException {
        List<String> all = new ArrayList<>();
        while (r.next()) {
            StringBuilder b = new StringBuilder();
            for (String column : columns)
                b.append(b.length() == 0 ? "" : "|").append(r.getString(column));
            all.add(b.toString());
        }
        r.close();
        return all;
    }

    static void metadata(Connection c) throws Exception {
        DatabaseMetaData m = c.getMetaData();
        Transcript.line("product", m.getDatabaseProductName() + " " + m.getDatabaseMajorVersion() + " " + m.getMaxColumnNameLength() + " " + m.getMaxConnections());
        Object[][] parts = {
            {"tables", m.getTables(null, "public", "%", null), "TABLE_SCHEM TABLE_NAME TABLE_TYPE REMARKS"},
            {"catalog tables", m.getTables(null, "pg_catalog", "pg_t%", new String[] {"SYSTEM TABLE"}), "TABLE_NAME TABLE_TYPE"},
            {"columns", m.getColumns(null, "public", "%", "%"),
                "TABLE_NAME COLUMN_NAME DATA_TYPE TYPE_NAME COLUMN_SIZE DECIMAL_DIGITS NULLABLE REMARKS COLUMN_DEF CHAR_OCTET_LENGTH ORDINAL_POSITION IS_NULLABLE IS_AUTOINCREMENT IS_GENERATEDCOLUMN"},
            {"keys", m.getPrimaryKeys(null, "public", "book"), "TABLE_NAME COLUMN_NAME KEY_SEQ PK_NAME"},
            {"imported", m.getImportedKeys(null, "public", "book"), "PKTABLE_NAME PKCOLUMN_NAME FKTABLE_NAME FKCOLUMN_NAME KEY_SEQ UPDATE_RULE DELETE_RULE FK_NAME PK_NAME DEFERRABILITY"},
            {"exported", m.getExportedKeys(null, "public", "author"), "PKTABLE_NAME FKTABLE_NAME FK_NAME"},
            {"references", m.getCrossReference(null, "public", "author", null, "public", "book"), "FK_NAME"},
            {"indexes", m.getIndexInfo(null, "public", "book", false, false), "NON_UNIQUE INDEX_NAME TYPE ORDINAL_POSITION COLUMN_NAME ASC_OR_DESC FILTER_CONDITION"},
            {"identifier", m.getBestRowIdentifier(null, "public", "book", DatabaseMetaData.bestRowSession, false), "COLUMN_NAME DATA_TYPE TYPE_NAME"},
            {"versions", m.getVersionColumns(null, "public", "book"), "COLUMN_NAME TYPE_NAME"},
            {"functions", m.getFunctions(null, "public", "%"), "FUNCTION_NAME REMARKS FUNCTION_TYPE"},
            {"function columns", m.getFunctionColumns(null, "public", "add%", "%"), "FUNCTION_NAME COLUMN_NAME COLUMN_TYPE TYPE_NAME ORDINAL_POSITION"},
            {"procedures", m.getProcedures(null, "public", "%"), "PROCEDURE_NAME PROCEDURE_TYPE"},
            {"procedure columns", m.getProcedureColumns(null, "public", "%", "%"), "PROCEDURE_NAME COLUMN_NAME COLUMN_TYPE TYPE_NAME"},
            {"own types", m.getUDTs(null, "public", "%", null), "TYPE_NAME CLASS_NAME DATA_TYPE REMARKS BASE_TYPE"},
            {"privileges", m.getColumnPrivileges(null, "public", "book", "title"), "COLUMN_NAME PRIVILEGE IS_GRANTABLE"},
            {"table privileges", m.getTablePrivileges(null, "public", "author"), "TABLE_NAME PRIVILEGE IS_GRANTABLE"},
            {"schemas", m.getSchemas(), "TABLE_SCHEM"},
            {"table types", m.getTableTypes(), "TABLE_TYPE"},
            {"client properties", m.getClientInfoProperties(), "NAME MAX_LEN DEFAULT_VALUE"},
        };
        for (Object[] part : parts)
            for (String row : rows((ResultSet) part[1], ((String) part[2]).split(" ")))
                Transcript.line((String) part[0], row);
        List<String> types = new ArrayList<>();
        for (String row : rows(m.getTypeInfo(), "TYPE_NAME", "DATA_TYPE", "PRECISION", "CASE_SENSITIVE", "AUTO_INCREMENT", "MAXIMUM_SCALE"))
            if (!row.startsWith("_") && !row.startsWith("pg_") && !row.contains("information_schema"))
                types.add(row);
        Collections.sort(types);
        for (String row : types)
            Transcript.line("type", row);
        Transcript.line("keywords", m.getSQLKeywords());
        Transcript.line("functions known", m.getStringFunctions() + " " + m.getNumericFunctions());
    }

    static void copying(Connection c) throws Exception {
        CopyManager copy = c.unwrap(PGConnection.class).getCopyAPI();
        Transcript.line("copied in", copy.copyIn("COPY author (name, born) FROM STDIN WITH (FORMAT csv)", new StringReader("\"c,1\",2001-01-01\nc2,\n")));
        StringWriter out = new StringWriter();
        Transcript.line("copied out", copy.copyOut("COPY (SELECT name, born FROM author ORDER BY id) TO STDOUT WITH CSV HEADER", out));
        Transcript.line("text", out.toString().replace("\n", "\\n"));
        Transcript.attempt("refused", () -> copy.copyIn("COPY author (name) FROM STDIN", new StringReader("c3\nAda\n")));
        try (Statement s = c.createStatement()) {
            Transcript.line("gone", s.executeUpdate("DELETE FROM author WHERE name LIKE 'c%'"));
        }
    }

    static void largeObjects(Connection c) throws Exception {
        c.setAutoCommit(false);
        LargeObjectManager manager = c.unwrap(PGConnection.class).getLargeObjectAPI();
        long id = manager.createLO(LargeObjectManager.READWRITE);
        LargeObject object = manager.open(id, LargeObjectManager.READWRITE);
        object.write(new byte[300000]);
        object.seek(100);
        object.write("here".getBytes(StandardCharsets.UTF_8));
        object.seek(98);
        Transcript.line("large object", object.read(8));
        Transcript.line("size", object.size64() + " " + object.tell64());
        object.truncate(101);
        Transcript.line("truncated", object.size());
        object.close();
        manager.delete(id);
        try {
            manager.open(id);
        } catch (SQLException e) {
            Transcript.line("deleted", Transcript.failure(e).replace("" + id, "N"));
        }
        c.rollback();
        c.setAutoCommit(true);
    }

    static void asynchronous(Connection c, Connection other) throws Exception {
        try (Statement s = c.createStatement(); Statement o = other.createStatement()) {
            s.execute("LISTEN news");
            o.execute("NOTIFY news, 'payload'");
            PGNotification[] all = c.unwrap(PGConnection.class).getNotifications(5000);
            Transcript.line("notification", all[0].getName() + " " + all[0].getParameter() + " " + (all[0].getPID() == other.unwrap(PGConnection.class).getBackendPID()));
            s.setQueryTimeout(1);
            Transcript.attempt("timeout", () -> s.execute("SELECT pg_sleep(30)"));
            s.setQueryTimeout(0);
            Thread canceller = new Thread(() -> {
                try {
                    Thread.sleep(200);
                    s.cancel();
                } catch (Exception e) {
                    Transcript.line("cancel", Transcript.failure(e));
                }
            });
            canceller.start();
            Transcript.attempt("cancelled", () -> s.execute("SELECT pg_sleep(30)"));
            canceller.join();
        }
        Transcript.line("valid", c.isValid(2));
        c.setClientInfo("ApplicationName", "jdbc test");
        Transcript.line("client", one(c, "SHOW application_name"));
        c.setSchema("pg_catalog");
        Transcript.line("schema", c.getSchema());
        c.setSchema("public");
        String large = "äb".repeat(500000);
        Transcript.line("large", one(c, "SELECT length(?)", large));
        try (PreparedStatement s = c.prepareStatement("SELECT length(?::bytea)")) {
            s.setBinaryStream(1, new ByteArrayInputStream(new byte[2000000]), 2000000);
            try (ResultSet r = s.executeQuery()) {
                r.next();
                Transcript.line("stream", r.getInt(1));
            }
        }
    }

    // A statement prepared at the server meets a changed table.
    static void changing(Connection c) throws Exception {
        try (Statement s = c.createStatement(); PreparedStatement p = c.prepareStatement("SELECT * FROM changing WHERE a = ?")) {
            s.execute("CREATE TABLE changing (a int)");
            for (int i = 0; i < 12; i++) {
                if (i == 7)
                    s.execute("ALTER TABLE changing ADD COLUMN b text");
                p.setInt(1, i);
                try (ResultSet r = p.executeQuery()) {
                    Transcript.line("changing " + i, r.getMetaData().getColumnCount());
                }
            }
            c.setAutoCommit(false);
            s.execute("ALTER TABLE changing DROP COLUMN b");
            Transcript.attempt("changed in a transaction", () -> p.executeQuery().getMetaData().getColumnCount());
            c.rollback();
            c.setAutoCommit(true);
            s.execute("DROP TABLE changing");
        }
    }

    public static void main(String[] arguments) throws Exception {
        try (Connection c = connect(""); Connection other = connect("")) {
            try (Statement s = c.createStatement()) {
                s.execute(Transcript.read("schema.sql"));
            }
            values("text", c);
            errors(c);
            flow(c);
            transactions(c, other);
            metadata(c);
            copying(c);
            largeObjects(c);
            asynchronous(c, other);
            changing(c);
        }
        for (String options : new String[] {"&prepareThreshold=1&binaryTransfer=true", "&prepareThreshold=-1", "&preferQueryMode=simple",
                 "&stringtype=unspecified&autosave=always&reWriteBatchedInserts=true"}) {
            try (Connection c = connect(options)) {
                values(options, c);
                flow(c);
            }
        }
        Transcript.attempt("no database", () -> DriverManager.getConnection(Transcript.url("").replaceFirst("/[^/?]*\\?", "/no_such_database?")));
    }
}
