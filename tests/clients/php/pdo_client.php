<?php
// PDO and ext/pgsql: native and emulated prepared statements, metadata, cursors, COPY, large objects, LISTEN, errors.
error_reporting(E_ALL & ~E_WARNING);

function line(string $name, mixed $value): void {
    echo $name, ': ', is_string($value) ? $value : json_encode($value, JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION | JSON_PARTIAL_OUTPUT_ON_ERROR), "\n";
}

function attempt(string $name, callable $part): void {
    try {
        line($name, $part());
    } catch (PDOException $e) {
        line($name, ['PDOException', preg_replace('/connection to server at .*failed: /', '', $e->errorInfo ?? $e->getMessage())]);
    }
}

function pairs(string $name): array {
    return array_map(fn($l) => explode("\t", $l, 2), file(getenv('PGFEATHER_CASES') . '/' . $name, FILE_IGNORE_NEW_LINES));
}

function connect(array $options = []): PDO {
    return new PDO('pgsql:host=' . getenv('PGHOST') . ';port=' . getenv('PGPORT') . ';dbname=' . getenv('PGDATABASE'), getenv('PGUSER'), null,
        $options + [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]);
}

function plain(mixed $v): mixed {
    return is_resource($v) ? 'stream ' . bin2hex(stream_get_contents($v)) : $v;
}

function values(PDO $db, string $label): void {
    foreach (pairs('values.tsv') as [$type, $text]) {
        attempt("$label $type $text", function () use ($db, $type, $text) {
            $s = $db->prepare("SELECT CAST(? AS $type) AS v");
            $s->execute([$text]);
            $m = $s->getColumnMeta(0);
            unset($m['pgsql:oid']);
            return [plain($s->fetchColumn()), $m];
        });
    }
    $s = $db->prepare('SELECT :b::bool AS b, :i::int AS i, :n::text AS n, :l::bytea AS l');
    $s->bindValue('b', false, PDO::PARAM_BOOL);
    $s->bindValue('i', 7, PDO::PARAM_INT);
    $s->bindValue('n', null, PDO::PARAM_NULL);
    $s->bindValue('l', "\0\xff'", PDO::PARAM_LOB);
    attempt("$label bound", function () use ($s) {
        $s->execute();
        return array_map('plain', $s->fetch());
    });
}

function flow(PDO $db, string $label): void {
    foreach (pairs('errors.tsv') as [$name, $sql])
        attempt("$label $name", fn() => $db->exec($sql));
    $s = $db->prepare('INSERT INTO author (name, born) VALUES (:name, :born)');
    foreach (['p1', 'p2', 'p3'] as $name)
        $s->execute(['name' => $name, 'born' => null]);
    line("$label rows", $s->rowCount());
    line("$label id", $db->lastInsertId('author_id_seq') > 2);
    line("$label deleted", $db->exec("DELETE FROM author WHERE name LIKE 'p_'"));
    $db->beginTransaction();
    $db->exec("INSERT INTO author (name) VALUES ('lost')");
    attempt("$label unique", fn() => $db->exec("INSERT INTO author (name) VALUES ('Ada')"));
    attempt("$label aborted", fn() => $db->query('SELECT 1')->fetchAll());
    line("$label in a transaction", $db->inTransaction());
    $db->rollBack();
    line("$label count", $db->query("SELECT count(*) FROM author WHERE name = 'lost'")->fetchColumn());
    $s = $db->prepare('SELECT g FROM generate_series(1, 500) g', [PDO::ATTR_CURSOR => PDO::CURSOR_SCROLL]);
    attempt("$label scrolled", function () use ($s) {
        $s->execute();
        return [$s->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_LAST), $s->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_PRIOR), $s->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_ABS, 10)];
    });
    line("$label books", $db->query('SELECT * FROM book ORDER BY id')->fetchAll());
    foreach (range(0, 8) as $i) {
        $m = $db->query('SELECT * FROM book')->getColumnMeta($i);
        unset($m['pgsql:oid'], $m['pgsql:table_oid']);
        line("$label column", $m);
    }
    attempt("$label quoted", fn() => $db->query('SELECT ' . $db->quote("it's \\ here"))->fetchColumn());
    attempt("$label question", fn() => $db->query("SELECT '{\"a\":1}'::jsonb ?? 'a'")->fetchColumn());
    attempt("$label large", function () use ($db) {
        $s = $db->prepare('SELECT length(?)');
        $s->execute([str_repeat('ä', 1000000)]);
        return $s->fetchColumn();
    });
}

function special(PDO $db): void {
    line('server', [$db->getAttribute(PDO::ATTR_DRIVER_NAME), substr($db->getAttribute(PDO::ATTR_SERVER_VERSION), 0, 2)]);
    line('copied', $db->pgsqlCopyFromArray('author', ["c1\t2001-01-01", "c2\t\\N"], "\t", '\\\\N', 'name, born'));
    line('copied out', $db->pgsqlCopyToArray('author', ';', 'null'));
    $db->exec("DELETE FROM author WHERE name LIKE 'c_'");
    $db->beginTransaction();
    $id = $db->pgsqlLOBCreate();
    $stream = $db->pgsqlLOBOpen($id, 'w');
    fwrite($stream, str_repeat('large ', 2000));
    fseek($stream, 6);
    line('large object', fread($stream, 5));
    $stream = null;
    $db->pgsqlLOBUnlink($id);
    $db->commit();
    $db->exec('LISTEN news');
    connect()->exec("NOTIFY news, 'payload'");
    $note = $db->pgsqlGetNotify(PDO::FETCH_ASSOC, 5000);
    line('notified', [$note['message'], $note['payload']]);
}

function plainExtension(): void {
    $c = pg_connect('');
    $r = pg_query_params($c, 'SELECT id, title, tags FROM book WHERE price > $1 ORDER BY id', [1]);
    line('pg rows', pg_fetch_all($r));
    line('pg fields', array_map(fn($i) => [pg_field_name($r, $i), pg_field_type($r, $i), pg_field_size($r, $i), pg_field_table($r, $i)], [0, 1, 2]));
    line('pg metadata', pg_meta_data($c, 'author', true));
    line('pg inserted', pg_insert($c, 'author', ['name' => 'of php', 'born' => '2020-01-02']) !== false);
    line('pg selected', pg_select($c, 'author', ['name' => 'of php'])[0]['born']);
    line('pg updated', pg_update($c, 'author', ['born' => '2021-01-01'], ['name' => 'of php']));
    line('pg deleted', pg_delete($c, 'author', ['name' => 'of php']));
    pg_prepare($c, 'q', 'SELECT $1::int + 1');
    line('pg prepared', pg_fetch_result(pg_execute($c, 'q', [41]), 0, 0));
    pg_send_query($c, 'SELECT 1/0');
    $r = pg_get_result($c);
    line('pg error', [pg_result_error_field($r, PGSQL_DIAG_SQLSTATE), pg_result_error_field($r, PGSQL_DIAG_MESSAGE_PRIMARY), pg_transaction_status($c)]);
    pg_query($c, 'DROP TABLE IF EXISTS nowhere');
    line('pg notice', pg_last_notice($c));
    line('pg copied', pg_copy_from($c, 'author (name)', ["by pg_copy\n"]));
    line('pg copied out', count(pg_copy_to($c, 'author')));
    line('pg affected', pg_affected_rows(pg_query($c, "DELETE FROM author WHERE name = 'by pg_copy'")));
    line('pg settings', [pg_client_encoding($c), pg_parameter_status($c, 'standard_conforming_strings'), pg_ping($c)]);
}

$db = connect();
$db->exec(file_get_contents(getenv('PGFEATHER_CASES') . '/schema.sql'));
foreach (['native' => [], 'emulated' => [PDO::ATTR_EMULATE_PREPARES => true], 'undisturbed' => [PDO::PGSQL_ATTR_DISABLE_PREPARES => true]] as $label => $options) {
    values(connect($options), $label);
    flow(connect($options), $label);
}
special($db);
plainExtension();
attempt('no database', fn() => new PDO('pgsql:dbname=no_such_database;host=' . getenv('PGHOST') . ';port=' . getenv('PGPORT'), getenv('PGUSER')));
