#!/usr/bin/perl
# DBD::Pg: types, placeholders, server-side prepares, DBI's metadata methods, COPY, LISTEN, asynchronous queries, errors.
use strict;
use warnings;
use utf8;
use DBI qw(:sql_types);
use DBD::Pg qw(:pg_types :async);
use Data::Dumper;
binmode STDOUT, ':encoding(UTF-8)';
$| = 1;
$Data::Dumper::Terse = $Data::Dumper::Sortkeys = 1;
$Data::Dumper::Indent = 0;

sub line { my ($name, @value) = @_; print "$name: ", join(' ', map { ref $_ ? Dumper($_) : $_ // 'undef' } @value), "\n" }

sub pairs {
    open my $file, '<:encoding(UTF-8)', "$ENV{PGFEATHER_CASES}/$_[0]" or die;
    return map { chomp; [split /\t/, $_, 2] } <$file>;
}

sub text_of { open my $file, '<:encoding(UTF-8)', "$ENV{PGFEATHER_CASES}/$_[0]" or die; local $/; return <$file> }

sub dbh { return DBI->connect("dbi:Pg:dbname=$ENV{PGDATABASE}", '', '', {RaiseError => 1, PrintError => 0, PrintWarn => 0, AutoCommit => 1, @_}) }

sub attempt {
    my ($name, $dbh, $part) = @_;
    my @value = eval { $part->() };
    return line($name, @value) unless $@;
    my @fields = map { my $f = "pg_$_"; $dbh->pg_error_field($_) // '' } qw(severity state primary detail hint statement_position context schema table column datatype constraint);
    line($name, 'failed', join '|', map { s/\n/\\n/gr } @fields);
}

sub values_of {
    my ($dbh, $label) = @_;
    for my $row (pairs('values.tsv')) {
        my ($type, $text) = @$row;
        attempt("$label $type $text", $dbh, sub {
            my $s = $dbh->prepare("SELECT ?::$type AS v");
            $s->execute($text);
            my $value = $s->fetch->[0];
            my $type_name = $s->{pg_type}[0];
            $value = join ' ', map { sprintf '%02x', ord } split //, $value if $type eq 'bytea';
            return ($value, $type_name, $s->{TYPE}[0] < 16384 ? $s->{TYPE}[0] : 'own', $s->{PRECISION}[0], $s->{SCALE}[0], $s->{NULLABLE}[0]);
        });
    }
    attempt("$label bytes", $dbh, sub {
        my $s = $dbh->prepare('SELECT length(?::bytea), ?::int[], ?::bool, ?::text IS NULL');
        $s->bind_param(1, "\0\x{ff}'", {pg_type => PG_BYTEA});
        $s->bind_param(2, [1, [2]]->[0] ? [1, 2, undef] : undef);
        $s->bind_param(3, 1, SQL_BOOLEAN);
        $s->bind_param(4, undef);
        $s->execute;
        return $s->fetchrow_arrayref;
    });
}

sub flow {
    my ($dbh, $label) = @_;
    attempt("$label $$_[0]", $dbh, sub { $dbh->do($$_[1]) }) for pairs('errors.tsv');
    my $s = $dbh->prepare('INSERT INTO author (name) VALUES ($1) RETURNING id > 2');
    line("$label inserted", map { $s->execute("perl $_"); $s->fetchrow_array } 1 .. 3);
    line("$label id", $dbh->last_insert_id(undef, undef, 'author', undef) > 2);
    line("$label rows", $dbh->do('DELETE FROM author WHERE name LIKE ?', undef, 'perl %'));
    my @status;
    line("$label array", $dbh->prepare('INSERT INTO author (name, born) VALUES (?, ?)')->execute_array({ArrayTupleStatus => \@status}, ['a1', 'a2'], [undef, '2000-01-01']));
    $dbh->do("DELETE FROM author WHERE name IN ('a1', 'a2')");
    $dbh->begin_work;
    $dbh->do("INSERT INTO author (name) VALUES ('lost')");
    $dbh->pg_savepoint('here');
    attempt("$label unique", $dbh, sub { $dbh->do("INSERT INTO author (name) VALUES ('Ada')") });
    line("$label state", $dbh->pg_ping, $dbh->ping);
    $dbh->pg_rollback_to('here');
    $dbh->pg_release('here');
    line("$label inside", $dbh->selectrow_array('SELECT count(*) FROM author'));
    $dbh->rollback;
    line("$label outside", $dbh->selectrow_array('SELECT count(*) FROM author'));
    line("$label books", $dbh->selectall_arrayref('SELECT * FROM book ORDER BY id', {Slice => {}}));
    line("$label named", $dbh->selectrow_array('SELECT :a::int * $1', undef, 4)) if 0;
    my $named = $dbh->prepare('SELECT :a::int * :b::int');
    $named->bind_param(':a', 6);
    $named->bind_param(':b', 7);
    $named->execute;
    line("$label named", $named->fetchrow_array);
}

sub metadata {
    my ($dbh) = @_;
    my %parts = (
        table_info => [$dbh->table_info(undef, 'public', '%', "'TABLE','VIEW'"), qw(TABLE_SCHEM TABLE_NAME TABLE_TYPE REMARKS)],
        column_info => [$dbh->column_info(undef, 'public', '%', '%'), qw(TABLE_NAME COLUMN_NAME DATA_TYPE TYPE_NAME COLUMN_SIZE NULLABLE COLUMN_DEF ORDINAL_POSITION pg_type pg_constraint REMARKS)],
        primary_key_info => [$dbh->primary_key_info(undef, 'public', 'book'), qw(TABLE_NAME COLUMN_NAME KEY_SEQ PK_NAME)],
        foreign_key_info => [$dbh->foreign_key_info(undef, 'public', 'author', undef, 'public', 'book'), qw(UK_TABLE_NAME UK_COLUMN_NAME FK_TABLE_NAME FK_COLUMN_NAME FK_NAME UK_NAME DELETE_RULE)],
        statistics_info => [$dbh->statistics_info(undef, 'public', 'book', 0, 1), qw(NON_UNIQUE INDEX_NAME TYPE ORDINAL_POSITION COLUMN_NAME pg_expression)],
        type_info => [undef],
    );
    for my $name (sort keys %parts) {
        my ($s, @columns) = @{$parts{$name}};
        next unless $s;
        my @rows = map { my $r = $_; join '|', map { ref $r->{$_} ? Dumper($r->{$_}) : $r->{$_} // '' } @columns } @{$s->fetchall_arrayref({})};
        line($name, $_) for $name eq 'statistics_info' ? sort @rows : @rows;
    }
    line('key', $dbh->primary_key(undef, 'public', 'book'));
    line('tables', sort $dbh->tables(undef, 'public', undef, 'TABLE'));
    line('quoted', $dbh->quote("it's \\"), $dbh->quote_identifier('a"b', 'c'), $dbh->quote([1, 'x', undef]), $dbh->quote("\0a", {pg_type => PG_BYTEA}));
    line('server', $dbh->{pg_server_version} >= 150000, $dbh->{pg_standard_conforming_strings}, $dbh->{pg_INV_READ});
    line('type names', map { my $t = $dbh->type_info($_); $t ? $t->{TYPE_NAME} : 'none' } SQL_INTEGER, SQL_VARCHAR, SQL_TIMESTAMP, SQL_BOOLEAN);
    my $s = $dbh->prepare('SELECT id, title, price FROM book WHERE id = ? AND title = ?');
    line('names', $s->{NAME}, $s->{TYPE}, $s->{ParamTypes});
}

sub special {
    my ($dbh, $other) = @_;
    $dbh->do('COPY author (name, born) FROM STDIN');
    $dbh->pg_putcopydata("c$_\t\\N\n") for 1 .. 3;
    line('copied', $dbh->pg_putcopyend);
    $dbh->do("COPY (SELECT name FROM author WHERE name LIKE 'c_' ORDER BY 1) TO STDOUT");
    my ($row, @rows);
    push @rows, $row while $dbh->pg_getcopydata($row) >= 0;
    line('copied out', \@rows);
    line('gone', $dbh->do("DELETE FROM author WHERE name LIKE 'c_'"));
    $dbh->do('LISTEN news');
    $other->do("NOTIFY news, 'payload'");
    my $note;
    for (1 .. 50) { last if $note = $dbh->pg_notifies; select undef, undef, undef, 0.1 }
    line('notified', $note->[0], $note->[1] == $other->{pg_pid}, $note->[2]);
    my $s = $dbh->prepare('SELECT pg_sleep(0.1), 42', {pg_async => PG_ASYNC});
    $s->execute;
    select undef, undef, undef, 0.3;
    line('asynchronous', $dbh->pg_ready, $dbh->pg_result, $s->fetchrow_array);
    $dbh->do('SELECT pg_sleep(20)', {pg_async => PG_ASYNC});
    line('cancelled', $dbh->pg_cancel);
    $dbh->begin_work;
    my $id = $dbh->pg_lo_creat($dbh->{pg_INV_WRITE});
    my $file = $dbh->pg_lo_open($id, $dbh->{pg_INV_WRITE});
    $dbh->pg_lo_write($file, 'large object', 12);
    $dbh->pg_lo_lseek($file, 6, 0);
    my $read = '';
    line('large object', $dbh->pg_lo_read($file, $read, 6), $read);
    $dbh->pg_lo_unlink($id);
    $dbh->commit;
    my @warned;
    local $SIG{__WARN__} = sub { push @warned, @_ };
    $dbh->{PrintWarn} = 1;
    $dbh->do('DROP TABLE IF EXISTS nowhere');
    line('warned', map { s/ at .*//sr } @warned);
    line('large', $dbh->selectrow_array('SELECT length(?)', undef, 'ä' x 700000));
    $dbh->do("DECLARE c CURSOR WITH HOLD FOR SELECT g FROM generate_series(1, 300) g");
    line('cursor', scalar @{$dbh->selectall_arrayref('FETCH 120 FROM c')}, scalar @{$dbh->selectall_arrayref('FETCH ALL FROM c')});
}

my ($dbh, $other) = (dbh(), dbh());
$dbh->do(text_of('schema.sql'));
values_of($dbh, 'prepared');
flow($dbh, 'prepared');
for ([switched => 1], [never => 0]) {
    my ($label, $mode) = @$_;
    my $db = dbh(pg_server_prepare => $mode, pg_switch_prepared => 1);
    values_of($db, $label);
    flow($db, $label);
}
metadata($dbh);
special($dbh, $other);
eval { DBI->connect('dbi:Pg:dbname=no_such_database', '', '', {RaiseError => 1, PrintError => 0}) };
line('no database', $DBI::state, $DBI::errstr =~ /(FATAL.*)/);
