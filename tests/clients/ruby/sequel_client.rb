# Sequel: schema methods, datasets, extensions for PostgreSQL's types, cursors, COPY, LISTEN, errors.
require 'sequel'
$stdout.sync = true
DB = Sequel.postgres(ENV['PGDATABASE'], host: ENV['PGHOST'], port: ENV['PGPORT'], user: ENV['PGUSER'], max_connections: 3)
DB.extension :pg_array, :pg_json, :pg_range, :pg_inet, :pg_interval, :pg_enum
Sequel.extension :pg_array_ops, :pg_json_ops
Sequel.default_timezone = :utc

def line(name, value) = puts("#{name}: #{value.is_a?(String) ? value : value.inspect}")

def pairs(name) = File.readlines(File.join(ENV['PGFEATHER_CASES'], name), chomp: true).map { |l| l.split("\t", 2) }

def attempt(name)
  line(name, yield)
rescue Sequel::Error => e
  line(name, "#{e.class} #{e.wrapped_exception&.message || e.message}")
end

DB.create_enum(:mood, %w[sad ok happy])
DB.create_table(:artists) do
  primary_key :id
  String :name, size: 40, null: false, unique: true
  mood :feeling, default: 'ok'
  column :tags, 'text[]'
  jsonb :meta
  int4range :years
  Time :made, default: Time.utc(2024, 1, 1)
  TrueClass :active, default: true
  BigDecimal :price, size: [8, 2]
  constraint(:price_positive) { price > 0 }
  index Sequel.function(:lower, :name), name: :artists_lower
end
DB.create_table(:albums) do
  primary_key :id, type: :Bignum
  foreign_key :artist_id, :artists, on_delete: :cascade
  String :title, text: true
  unique %i[artist_id title]
end
line('schema', DB.schema(:artists).map { |n, h| [n, h.slice(:type, :db_type, :primary_key, :default, :allow_null, :ruby_default, :max_length, :auto_increment)] })
line('indexes', DB.indexes(:albums).sort)
line('keys', DB.foreign_key_list(:albums).map { |k| k.slice(:columns, :key, :name, :on_delete, :deferrable) })
line('tables', [DB.tables.sort, DB.views, DB.table_exists?(:nothing), DB.primary_key(:artists), DB.primary_key_sequence(:artists)])
line('checks', DB.check_constraints(:artists))
A = DB[:artists]
line('inserted', A.insert(name: 'Ada', tags: Sequel.pg_array(['a,b', nil]), meta: Sequel.pg_jsonb('a' => [1]), years: 1815..1852, price: 1.5))
line('row', A.first.map { |k, v| [k, v.class, v.respond_to?(:begin) ? [v.begin, v.end, v.exclude_end?] : v.to_s] })
line('returning', A.returning(:id, :name).insert(name: 'Bob'))
line('many', A.import(%i[name price], [['C', 1], ['D', 2]]))
line('conflict', A.insert_conflict(target: :name, update: { price: 9 }).insert(name: 'C', price: 3))
attempt('unique') { A.insert(name: 'Ada') }
attempt('check') { A.insert(name: 'E', price: -1) }
attempt('null') { A.insert(name: nil) }
attempt('foreign') { DB[:albums].insert(artist_id: 99, title: 'x') }
line('json', A.where(Sequel.pg_jsonb_op(:meta).contains('a' => [1])).select_map(:name))
line('array', A.where(Sequel.pg_array_op(:tags).contains(['a,b'])).select_map(:name))
line('window', A.select(:name, Sequel.function(:row_number).over(order: :name).as(:n)).order(:name).map(&:values))
line('with', DB[:t].with_recursive(:t, DB.select(Sequel.as(1, :n)), DB[:t].where { n < 5 }.select { n + 1 }, args: [:n]).sum(:n))
line('cursor', DB['SELECT g FROM generate_series(1, 2500) g'].use_cursor(rows_per_fetch: 700).map(:g).sum)
line('paged', A.order(:id).paged_each(rows_per_fetch: 2).map { |r| r[:id] })
line('prepared', A.where(name: :$n).prepare(:first, :by_name).call(n: 'Bob')[:id])
line('locked', A.for_update.skip_locked.first[:name])
DB.transaction(isolation: :repeatable) do
  A.insert(name: 'kept')
  DB.transaction(savepoint: true, rollback: :always) { A.insert(name: 'lost') }
end
line('names', A.order(:name).select_map(:name))
DB.copy_into(:albums, columns: %i[artist_id title], format: :csv, data: "1,\"x, y\"\n1,z\n")
line('copied', DB.copy_table(DB[:albums].select(:title).order(:title), format: :csv))
Thread.new { sleep 0.2; DB.notify(:news, payload: 'p') }
line('notified', DB.listen(:news, timeout: 5) { |channel, _, payload| line('note', [channel, payload]) })
DB.alter_table(:artists) do
  add_column :more, Integer, default: 3
  set_column_type :price, 'numeric(12,3)'
  set_column_not_null :more
  drop_column :years
  rename_column :feeling, :mood
  add_index :more, unique: false, where: { active: true }
  drop_constraint :price_positive
end
line('altered', DB.schema(:artists).map { |n, h| [n, h[:db_type], h[:allow_null], h[:default]] })
pairs('errors.tsv').each { |name, sql| attempt(name) { DB.run(sql) } unless sql =~ /book|author/ }
DB.drop_table(:albums, :artists)
DB.drop_enum(:mood)
line('left', DB.tables)
