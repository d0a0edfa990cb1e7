# pg for Ruby (libpq): values in text, types by its registry, prepared statements, COPY, LISTEN, pipelines, errors.
require 'pg'
$stdout.sync = true

def line(name, value) = puts("#{name}: #{value.is_a?(String) ? value : value.inspect}")

def pairs(name) = File.readlines(File.join(ENV['PGFEATHER_CASES'], name), chomp: true).map { |l| l.split("\t", 2) }

FIELDS = %i[SEVERITY SQLSTATE MESSAGE_PRIMARY MESSAGE_DETAIL MESSAGE_HINT STATEMENT_POSITION CONTEXT SCHEMA_NAME TABLE_NAME
            COLUMN_NAME DATATYPE_NAME CONSTRAINT_NAME].map { |f| PG::Result.const_get("PG_DIAG_#{f}") }

def attempt(name)
  line(name, yield)
rescue PG::Error => e
  line(name, "#{e.class} #{e.result ? FIELDS.map { |f| e.result.error_field(f) }.inspect : e.message[/FATAL.*/].inspect}")
end

def values(c)
  c.type_map_for_results = PG::BasicTypeMapForResults.new(c)
  pairs('values.tsv').each do |type, text|
    attempt("#{type} #{text}") { c.exec_params("SELECT $1::#{type} AS v", [text]).getvalue(0, 0) }
    attempt("#{type} #{text} described") do
      r = c.exec("SELECT #{c.escape_literal(text)}::#{type} AS v")
      [r.fname(0), r.fmod(0), r.fsize(0), r.fformat(0), r.ftable(0)]
    end
  end
  c.type_map_for_results = PG::TypeMapAllStrings.new
  attempt('binary') { c.exec_params('SELECT 7::int4, NULL, $1::bytea', [{ value: "\0\xFF".b, format: 1 }], 1).values }
end

def statements(c)
  c.prepare('find', 'SELECT title, price FROM book WHERE id = $1 OR price < $2')
  d = c.describe_prepared('find')
  line('described', [d.nparams, d.paramtype(0), d.paramtype(1), d.fname(1), d.fmod(1)])
  line('found', c.exec_prepared('find', [1, 8]).values)
  c.exec('ALTER TABLE book ALTER COLUMN price TYPE numeric(12,2)') rescue line('altered', $!.message)
  c.exec('DROP VIEW cheap; ALTER TABLE book ALTER COLUMN price TYPE numeric(12,2)')
  attempt('changed') { c.exec_prepared('find', [1, 8]).values }
  c.exec('DEALLOCATE find')
  r = c.exec("INSERT INTO author (name) VALUES ('x1'), ('x2') RETURNING name")
  line('inserted', [r.cmd_tuples, r.cmd_status, r.values])
  r = c.exec("DELETE FROM author WHERE name LIKE 'x%'")
  line('deleted', [r.cmd_tuples, r.cmd_status])
  c.send_query('SELECT 1 AS a; SELECT 2 AS b; SELECT no_such_column; SELECT 3')
  while (r = c.get_result)
    line('one of several', [r.res_status(r.result_status), r.values])
  end
  c.send_query('SELECT g FROM generate_series(1, 5) g')
  c.set_single_row_mode
  line('row by row', c.get_result.stream_each_row.to_a)
  c.get_result
end

def transactions(c)
  line('status', c.transaction_status)
  begin
    c.transaction do
      c.exec("INSERT INTO author (name) VALUES ('lost')")
      line('inside', c.transaction_status)
      raise 'given up'
    end
  rescue RuntimeError => e
    line('rolled back', [e.message, c.exec("SELECT count(*) FROM author WHERE name = 'lost'").values])
  end
  c.exec('BEGIN')
  attempt('failing') { c.exec('SELECT 1/0') }
  line('failed', c.transaction_status)
  line('commit', c.exec('COMMIT').cmd_status)
end

def copies(c)
  c.exec('CREATE TABLE copied (id int, name text)')
  line('copied', c.copy_data('COPY copied FROM STDIN CSV') { 1000.times { |i| c.put_copy_data("#{i},\"n, #{i}\"\n") } }.cmd_status)
  rows = []
  c.copy_data('COPY copied TO STDOUT') { while (row = c.get_copy_data) do rows << row end }
  line('copied out', [rows.size, rows[10]])
  attempt('refused') { c.copy_data('COPY copied FROM STDIN') { c.put_copy_data("a\tb\n") } }
  attempt('given up') { c.copy_data('COPY copied FROM STDIN') { raise PG::Error, 'by the client' } }
end

def asynchronous(c, other)
  c.exec('LISTEN news')
  other.exec("NOTIFY news, 'payload'")
  c.wait_for_notify(5) { |channel, pid, payload| line('notified', [channel, pid == other.backend_pid, payload]) }
  Thread.new { sleep 0.2; c.cancel }
  attempt('cancelled') { c.exec('SELECT pg_sleep(20)') }
  c.enter_pipeline_mode
  c.send_query_params('SELECT $1::int', [1])
  c.send_query_params('SELECT no_such_column', [])
  c.send_query_params('SELECT 3', [])
  c.pipeline_sync
  results = []
  6.times { r = c.get_result; results << (r && r.res_status(r.result_status)) }
  line('pipeline', results)
  line('end', [c.get_result&.result_status])
  c.exit_pipeline_mode
  c.set_notice_processor { |m| line('notice', m) }
  c.exec('DROP TABLE IF EXISTS nowhere; DO $$ BEGIN RAISE WARNING \'look %\', 1; END $$')
  line('parameters', %w[server_version_num TimeZone standard_conforming_strings].map { |p| c.parameter_status(p) }[1..])
  c.lo_import(__FILE__) rescue nil
  c.transaction do
    id = c.lo_creat
    d = c.lo_open(id, PG::INV_READ | PG::INV_WRITE)
    c.lo_write(d, 'large object')
    c.lo_lseek(d, 6, PG::SEEK_SET)
    line('large object', c.lo_read(d, 100))
    c.lo_close(d)
    c.lo_unlink(id)
  end
  c.set_client_encoding('LATIN1')
  line('encoding', [c.get_client_encoding, c.exec("SELECT 'é'").getvalue(0, 0).bytes])
  line('reset', c.reset.nil? ? nil : c.exec('SHOW client_encoding').values)
end

c = PG.connect
other = PG.connect
c.exec(File.read(File.join(ENV['PGFEATHER_CASES'], 'schema.sql')))
values(c)
pairs('errors.tsv').each { |name, sql| attempt(name) { c.exec(sql).cmd_status } }
attempt('parameter') { c.exec_params('SELECT $1::int', ['x']).values }
statements(c)
transactions(c)
copies(c)
asynchronous(c, other)
attempt('no database') { PG.connect(dbname: 'no_such_database') }
