// Transcript.java: what the Java programs share: the tables of cases and how a thing is written down.
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

final class Transcript {
    interface Part {
        Object run() throws Exception;
    }

    static String url(String options) {
        return "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/"
            + System.getenv("PGDATABASE") + "?user=" + System.getenv("PGUSER") + options;
    }

    static void line(String name, Object value) {
        System.out.println(name + ": " + show(value));
    }

    // What the part gives, or how it failed.
    static void attempt(String name, Part part) {
        try {
            line(name, part.run());
        } catch (Exception e) {
            line(name, failure(e));
        }
    }

    static String read(String name) throws Exception {
        return Files.readString(Path.of(System.getenv("PGFEATHER_CASES"), name));
    }

    static List<String[]> pairs(String name) throws Exception {
        List<String[]> rows = new ArrayList<>();
        for (String row : read(name).split("\n"))
            rows.add(row.split("\t", 2));
        return rows;
    }

    static String show(Object value) {
        if (value instanceof byte[] bytes)
            return "bytes " + HexFormat.of().formatHex(bytes);
        if (value instanceof java.sql.Array array) {
            try {
                return "array of " + array.getBaseTypeName() + " " + array;
            } catch (SQLException e) {
                return failure(e);
            }
        }
        if (value instanceof java.sql.SQLXML xml) {
            try {
                return "xml " + xml.getString();
            } catch (SQLException e) {
                return failure(e);
            }
        }
        if (value instanceof Object[] list)
            return Arrays.stream(list).map(Transcript::show).toList().toString();
        if (value == null || value instanceof String)
            return String.valueOf(value);
        return value.getClass().getSimpleName() + " " + value;
    }

    static String failure(Throwable e) {
        while (e.getCause() != null && !(e instanceof PSQLException))
            e = e.getCause();
        ServerErrorMessage m = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
        if (m == null)
            return e.getClass().getSimpleName() + (e instanceof SQLException s ? " " + s.getSQLState() + " " + s.getMessage() : " " + e.getMessage());
        return String.join("|", m.getSeverity(), m.getSQLState(), m.getMessage(), "" + m.getDetail(), "" + m.getHint(),
            "" + m.getPosition(), "" + m.getWhere(), "" + m.getSchema(), "" + m.getTable(), "" + m.getColumn(), "" + m.getDatatype(),
            "" + m.getConstraint()).replace("\n", "\\n");
    }
}
