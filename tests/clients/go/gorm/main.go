// gorm: AutoMigrate and what it asks of the catalogs, associations, upserts, hooks' transactions, batches, errors.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	t "pgfeather/clients/transcript"
)

type Company struct {
	ID   uint   `gorm:"primaryKey"`
	Name string `gorm:"size:60;uniqueIndex;not null;check:name <> ''"`
}

type Employee struct {
	gorm.Model
	Name      string  `gorm:"index:idx_name_age,priority:1"`
	Age       int     `gorm:"index:idx_name_age,priority:2;default:18"`
	Salary    float64 `gorm:"type:numeric(10,2);comment:in euro"`
	Active    *bool   `gorm:"default:true"`
	CompanyID *uint
	Company   *Company `gorm:"constraint:OnDelete:SET NULL"`
	Skills    []Skill  `gorm:"many2many:employee_skills"`
	Photo     []byte
	Settings  json.RawMessage `gorm:"type:jsonb;default:'{}'"`
	Hired     time.Time       `gorm:"default:'2020-01-01 00:00:00+00'"`
}

type Skill struct {
	ID   uint
	Name string `gorm:"unique"`
}

// EmployeeMore is a later version of the table: a longer column, a new one, another index.
type EmployeeMore struct {
	ID     uint
	Name   string `gorm:"size:100;index:idx_name_age,priority:1"`
	Nick   string `gorm:"size:20;uniqueIndex"`
	Age    int64  `gorm:"default:21;not null"`
	Salary float64
}

func (EmployeeMore) TableName() string { return "employees" }

func failure(err error) string {
	if e, ok := t.Cause[*pgconn.PgError](err); ok {
		return e.Code + " " + e.Message + " " + e.ConstraintName
	}
	return fmt.Sprint(err)
}

func describe(db *gorm.DB, model any) {
	m := db.Migrator()
	columns, err := m.ColumnTypes(model)
	t.Line("columns", "%v", err)
	for _, c := range columns {
		full, _ := c.ColumnType()
		key, _ := c.PrimaryKey()
		auto, _ := c.AutoIncrement()
		length, _ := c.Length()
		precision, scale, _ := c.DecimalSize()
		nullable, _ := c.Nullable()
		unique, _ := c.Unique()
		value, has := c.DefaultValue()
		comment, _ := c.Comment()
		t.Line("column", "%s %s %s key=%t auto=%t length=%d %d,%d nullable=%t unique=%t default=%q %t comment=%q", c.Name(),
			c.DatabaseTypeName(), full, key, auto, length, precision, scale, nullable, unique, value, has, comment)
	}
	indexes, err := m.GetIndexes(model)
	t.Line("indexes", "%v", err)
	sort.Slice(indexes, func(i, j int) bool { return indexes[i].Name() < indexes[j].Name() })
	for _, i := range indexes {
		unique, _ := i.Unique()
		key, _ := i.PrimaryKey()
		t.Line("index", "%s %v unique=%t key=%t", i.Name(), i.Columns(), unique, key)
	}
}

func migrate(db *gorm.DB) {
	t.Line("migrated", "%v", db.AutoMigrate(&Company{}, &Skill{}, &Employee{}))
	t.Line("migrated again", "%v", db.AutoMigrate(&Company{}, &Skill{}, &Employee{}))
	describe(db, &Employee{})
	m := db.Migrator()
	t.Line("current", "%s", m.CurrentDatabase()[:0])
	tables, err := m.GetTables()
	t.Line("tables", "%d %v", len(tables), err)
	t.Line("has", "%t %t %t %t %t", m.HasTable("employees"), m.HasTable("nothing"), m.HasColumn(&Employee{}, "salary"),
		m.HasIndex(&Employee{}, "idx_name_age"), m.HasConstraint(&Employee{}, "Company"))
}

func change(db *gorm.DB) {
	t.Line("changed", "%v", db.AutoMigrate(&EmployeeMore{}))
	describe(db, &EmployeeMore{})
	m := db.Migrator()
	t.Line("renamed column", "%v", m.RenameColumn(&EmployeeMore{}, "nick", "alias"))
	t.Line("altered", "%v", m.AlterColumn(&EmployeeMore{}, "Age"))
	t.Line("renamed index", "%v", m.RenameIndex(&EmployeeMore{}, "idx_name_age", "idx_other"))
	t.Line("dropped", "%v %v", m.DropColumn(&EmployeeMore{}, "alias"), m.DropIndex(&EmployeeMore{}, "idx_other"))
	t.Line("dropped constraint", "%v", m.DropConstraint(&Employee{}, "Company"))
	t.Line("view", "%v", m.CreateView("earners", gorm.ViewOption{Query: db.Model(&EmployeeMore{}).Where("salary > ?", 10), Replace: true}))
	t.Line("renamed table", "%v", m.RenameTable("employee_skills", "abilities"))
	describe(db, &EmployeeMore{})
	t.Line("dropped tables", "%v %v", m.DropView("earners"), m.DropTable("abilities", &EmployeeMore{}, &Company{}, &Skill{}))
}

func work(db *gorm.DB) {
	company := Company{Name: "Feather"}
	people := []Employee{{Name: "Ada", Age: 36, Salary: 10.5, Company: &company, Skills: []Skill{{Name: "C"}, {Name: "SQL"}}, Photo: []byte{0, 1, 255},
		Settings: json.RawMessage(`{"a": [1]}`)}, {Name: "Bob"}}
	t.Line("created", "%v %d %d", db.Create(&people).Error, people[0].ID, people[1].Age)
	var found []Employee
	t.Line("found", "%v", db.Preload("Company").Preload("Skills").Joins("Company").Order("employees.id").Find(&found).Error)
	for _, p := range found {
		t.Line("employee", "%d %s %d %v %v %v %x %s %s", p.ID, p.Name, p.Age, p.Salary, *p.Active, len(p.Skills), p.Photo, p.Settings, p.Hired.UTC())
	}
	t.Line("duplicate", "%s", failure(db.Create(&Company{Name: "Feather"}).Error))
	t.Line("check", "%s", failure(db.Session(&gorm.Session{}).Exec("INSERT INTO companies (name) VALUES ('')").Error))
	upsert := db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "name"}}, DoUpdates: clause.AssignmentColumns([]string{"name"})})
	again := Company{Name: "Feather"}
	t.Line("upsert", "%v %d", upsert.Create(&again).Error, again.ID)
	t.Line("ignored", "%v", db.Clauses(clause.OnConflict{DoNothing: true}).Create(&Skill{Name: "C"}).Error)
	var updated []Employee
	result := db.Model(&updated).Clauses(clause.Returning{}).Where("age > ?", 20).Updates(map[string]any{"salary": gorm.Expr("salary * ?", 2)})
	t.Line("updated", "%v %d %v", result.Error, result.RowsAffected, updated[0].Salary)
	t.Line("batches", "%v", db.CreateInBatches([]Skill{{Name: "x1"}, {Name: "x2"}, {Name: "x3"}}, 2).Error)
	var count int64
	db.Model(&Skill{}).Where("name LIKE ?", "x%").Count(&count)
	t.Line("counted", "%d", count)
	err := db.Transaction(func(tx *gorm.DB) error {
		t.Need(tx.Create(&Skill{Name: "kept"}).Error)
		inner := tx.Transaction(func(tx2 *gorm.DB) error {
			tx2.Create(&Skill{Name: "lost"})
			return errors.New("inner")
		})
		t.Line("inner", "%v", inner)
		return nil
	})
	var names []string
	db.Model(&Skill{}).Where("name IN ?", []string{"kept", "lost"}).Pluck("name", &names)
	t.Line("transaction", "%v %v", err, names)
	type total struct {
		Company string
		Sum     float64
		N       int
	}
	var totals []total
	db.Model(&Employee{}).Select("coalesce(companies.name, '-') AS company, sum(salary) AS sum, count(*) AS n").
		Joins("LEFT JOIN companies ON companies.id = employees.company_id").Group("companies.name").Having("count(*) > ?", 0).Order("1").Scan(&totals)
	t.Line("grouped", "%v", totals)
	t.Line("locked", "%v", db.Clauses(clause.Locking{Strength: "UPDATE", Options: "NOWAIT"}).First(&found[0], found[0].ID).Error)
	t.Line("json", "%v", db.Where("settings @> ?", `{"a": [1]}`).First(&Employee{}).Error)
	t.Line("deleted", "%v %v", db.Delete(&found[1]).Error, db.First(&Employee{}, found[1].ID).Error)
	t.Line("for good", "%d", db.Unscoped().Where("name = ?", "Bob").Delete(&Employee{}).RowsAffected)
	t.Line("association", "%v %d", db.Model(&found[0]).Association("Skills").Delete(&found[0].Skills[0]), db.Model(&found[0]).Association("Skills").Count())
	rows, err := db.Model(&Skill{}).Order("name").Rows()
	t.Need(err)
	var skill Skill
	for rows.Next() {
		t.Need(db.ScanRows(rows, &skill))
	}
	rows.Close()
	t.Line("last", "%s", skill.Name)
}

func main() {
	for _, simple := range []bool{false, true} {
		db, err := gorm.Open(postgres.New(postgres.Config{DSN: "sslmode=disable", PreferSimpleProtocol: simple}), &gorm.Config{
			Logger: logger.Default.LogMode(logger.Silent), PrepareStmt: !simple})
		t.Need(err)
		t.Line("simple protocol", "%t", simple)
		migrate(db)
		work(db)
		change(db)
	}
}
