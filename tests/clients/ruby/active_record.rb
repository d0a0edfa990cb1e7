# ActiveRecord: migrations with all its column types, schema reading, dumping and changing, models, locks, errors.
require 'active_record'
$stdout.sync = true
$VERBOSE = nil
ActiveRecord::Base.establish_connection(adapter: 'postgresql', pool: 4, prepared_statements: ENV['UNPREPARED'].nil?)
ActiveRecord::Migration.verbose = false

def line(name, value) = puts("#{name}: #{value.is_a?(String) ? value : value.inspect}")

def attempt(name)
  line(name, yield)
rescue StandardError => e
  line(name, "#{e.class} #{e.message.lines.first.chomp}")
end

class First < ActiveRecord::Migration[6.1]
  def change
    enable_extension 'citext'
    create_table :people, comment: 'who lives here' do |t|
      t.string :name, null: false, limit: 50, index: { unique: true }
      t.citext :mail
      t.integer :age, default: 18, limit: 2
      t.bigint :visits, default: 0
      t.decimal :salary, precision: 10, scale: 2
      t.float :height
      t.boolean :active, default: true, null: false
      t.date :born
      t.time :wakes
      t.datetime :seen, precision: 3
      t.column :zoned, 'timestamptz'
      t.interval :shift
      t.binary :photo
      t.json :raw
      t.jsonb :settings, default: {}
      t.uuid :token, default: -> { 'gen_random_uuid()' }
      t.inet :address
      t.cidr :net
      t.macaddr :card
      t.int4range :ages
      t.tstzrange :during
      t.string :tags, array: true, default: []
      t.integer :scores, array: true
      t.xml :page
      t.bit :flags, limit: 4
      t.money :cash
      t.point :place
      t.tsvector :words
      t.timestamps
    end
    create_table :pets do |t|
      t.references :person, foreign_key: { on_delete: :cascade }, null: false
      t.text :name, comment: 'as called'
    end
    add_index :people, 'lower(name)', name: 'people_lower'
    add_index :people, :settings, using: :gin
    add_index :people, :age, where: 'active', order: { age: :desc }
    add_check_constraint :people, 'age >= 0', name: 'age_positive'
  end
end

class Second < ActiveRecord::Migration[6.1]
  def change
    add_column :pets, :legs, :integer, default: 4, null: false
    rename_column :pets, :name, :title
    change_column_default :people, :age, from: 18, to: 21
    reversible { |d| d.up { change_column :people, :height, :decimal, precision: 5, scale: 1 }; d.down { change_column :people, :height, :float } }
    change_column_null :people, :born, false, '2000-01-01'
    rename_table :pets, :animals
    add_reference :people, :boss, foreign_key: { to_table: :people }
    create_join_table :people, :places
    reversible do |d|
      d.up { remove_index :people, name: 'people_lower' }
      d.down { add_index :people, 'lower(name)', name: 'people_lower' }
    end
  end
end

class Person < ActiveRecord::Base
  has_many :animals, dependent: :destroy
  validates :name, presence: true
  store_accessor :settings, :colour
end

class Animal < ActiveRecord::Base
  belongs_to :person
end

def schema
  stream = StringIO.new
  ActiveRecord::SchemaDumper.dump(ActiveRecord::Base.connection, stream)
  stream.string.lines.reject { |l| l =~ /^#|version:/ }.each { |l| line('schema', l.chomp) }
end

def catalog(c)
  line('version', c.database_version >= 150_000)
  %w[people pets].each do |t|
    c.columns(t).each { |f| line("#{t} column", [f.name, f.sql_type, f.type, f.null, f.default, f.default_function, f.comment, f.limit, f.precision, f.scale]) }
    c.indexes(t).each { |i| line("#{t} index", [i.name, i.columns, i.unique, i.where, i.using.to_s, i.orders]) }
    line("#{t} keys", c.foreign_keys(t).map { |k| [k.to_table, k.options.slice(:column, :name, :on_delete)] })
  end
  line('key', c.primary_key('people'))
  line('checks', c.check_constraints('people').map { |k| [k.name, k.expression] })
  line('extensions', c.extensions.sort)
  line('tables', c.tables.sort)
  line('sequence', c.pk_and_sequence_for('people').map(&:to_s))
  line('schemas', c.schema_names)
  line('encoding', [c.encoding, c.collation, c.current_schema, c.client_min_messages])
end

def models
  person = Person.create!(name: 'Ada', born: '1815-12-10', salary: '10.5', tags: ['a,b', '"'], scores: [1, nil, 3], colour: 'red', mail: 'Ada@X',
                          wakes: '07:30', seen: Time.utc(2024, 2, 29, 1, 2, 3.5), shift: 'P1DT2H', photo: "\0\xFF".b, raw: { a: [1] },
                          address: '10.0.0.1', card: '08:00:2b:01:02:03', ages: 1...5, flags: '1010', cash: '12.50', place: [1.5, 2])
  person.reload
  Person.columns.each { |c| line("attribute #{c.name}", person[c.name].to_s) unless %w[token created_at updated_at].include?(c.name) }
  person.animals.create!(title: 'Cat')
  person.animals.create!([{ title: 'Dog', legs: 4 }, { title: 'Bird', legs: 2 }])
  line('joined', Person.joins(:animals).group(:name).having('count(*) > 1').count)
  line('loaded', Person.includes(:animals).order(:id).map { |p| p.animals.size })
  line('json', Person.where('settings @> ?', { colour: 'red' }.to_json).count)
  line('array', Person.where('? = ANY (tags)', 'a,b').count)
  line('range', Animal.where(legs: 3..).order(:title).pluck(:title))
  attempt('unique') { Person.create!(name: 'Ada', born: '2000-01-01') }
  attempt('check') { Person.create!(name: 'Bob', age: -1, born: '2000-01-01') }
  attempt('null') { Person.create!(name: 'Bob', born: nil) }
  attempt('foreign') { Animal.insert!({ person_id: 99, title: 'none' }) }
  attempt('range') { Person.create!(name: 'Bob', age: 40_000, born: '2000-01-01') }
  attempt('long') { Person.create!(name: 'x' * 60, born: '2000-01-01') }
  attempt('statement') { Person.where('nothing = 1').to_a }
  Person.transaction do
    Person.create!(name: 'kept', born: '2000-01-01')
    Person.transaction(requires_new: true) { Person.create!(name: 'lost', born: '2000-01-01'); raise ActiveRecord::Rollback }
  end
  line('names', Person.order(:name).pluck(:name))
  line('upserted', Person.upsert_all([{ name: 'kept', age: 50, born: '2001-01-01', created_at: Time.now, updated_at: Time.now }], unique_by: :name).length)
  line('locked', Person.lock('FOR UPDATE SKIP LOCKED').find_by(name: 'kept').age)
  line('batches', Person.in_batches(of: 1).map(&:count))
  line('exists', [Person.exists?(name: 'Ada'), Person.where(age: nil).exists?])
  line('average', Person.average(:age).to_s)
  line('explained', Person.where(id: 1).explain.include?('EXPLAIN'))
  line('destroyed', [person.destroy.destroyed?, Animal.count])
  line('truncated', ActiveRecord::Base.connection.truncate('animals', 'people').class)
rescue StandardError => e
  line('models', "#{e.class} #{e.message} #{e.backtrace.grep(/active_record.rb/).first}")
end

context = ActiveRecord::Base.connection.migration_context rescue nil
line('context', !context.nil?)
c = ActiveRecord::Base.connection
First.migrate(:up)
catalog(c)
schema
Second.migrate(:up)
schema
models
Second.migrate(:down)
%w[animals pets places_people people_places people].each { |t| c.drop_table(t, if_exists: true) }
line('left', c.tables)
line('lock', [c.get_advisory_lock(77), c.release_advisory_lock(77)])
