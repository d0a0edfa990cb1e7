// Package transcript is what the Go programs share: the tables of cases and how a thing is written down.
package transcript

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"
)

// Line prints one thing that the driver showed.
func Line(name string, format string, arguments ...any) {
	fmt.Printf("%s: %s\n", name, fmt.Sprintf(format, arguments...))
}

// Need ends the program when its ground is missing.
func Need(err error) {
	if err != nil {
		fmt.Println("cannot go on:", err)
		os.Exit(1)
	}
}

// Read gives a file of the folder of cases.
func Read(name string) string {
	text, err := os.ReadFile(filepath.Join(os.Getenv("PGFEATHER_CASES"), name))
	Need(err)
	return string(text)
}

// Pairs gives the rows of a table of cases, two columns each.
func Pairs(name string) [][2]string {
	var rows [][2]string
	for _, line := range strings.Split(strings.TrimRight(Read(name), "\n"), "\n") {
		left, right, _ := strings.Cut(line, "\t")
		rows = append(rows, [2]string{left, right})
	}
	return rows
}

// Show writes a Go value so that its type and its whole content are seen.
func Show(value any) string {
	switch v := value.(type) {
	case nil:
		return "nil"
	case time.Time:
		return "time " + v.UTC().Format("2006-01-02T15:04:05.999999999")
	case []byte:
		return "bytes " + hex.EncodeToString(v)
	case string:
		return fmt.Sprintf("string %q", v)
	case netip.Prefix, net.HardwareAddr:
		return fmt.Sprintf("%T %v", v, v)
	case error:
		return "error " + v.Error()
	}
	if reflect.TypeOf(value).Kind() == reflect.Map {
		text, _ := json.Marshal(value)
		return "map " + string(text)
	}
	if valuer, ok := value.(interface{ Value() (any, error) }); ok {
		if plain, err := valuer.Value(); err == nil {
			return fmt.Sprintf("%T %v", value, plain)
		}
	}
	if list, ok := value.([]any); ok {
		var parts []string
		for _, element := range list {
			parts = append(parts, Show(element))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprintf("%T %+v", value, value)
}

// Cause gives the first error of a chain that is a T.
func Cause[T error](err error) (T, bool) {
	var cause T
	ok := errors.As(err, &cause)
	return cause, ok
}
