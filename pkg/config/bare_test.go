package config

import (
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

func TestBareValuesThatCargoRefuses(t *testing.T) {
	for _, test := range []struct {
		raw           string
		start, length int
		reason        string
	}{
		{`1_`, 1, 1, "`_` may only go between digits, expected nothing"},
		{`1__0`, 2, 1, "`_` may only go between digits"},
		{`_1`, 0, 1, "`_` may only go between digits, expected nothing"},
		{`_`, 0, 1, "`_` may only go between digits, expected nothing"},
		{`0x`, 0, 2, `integer number overflowed`},
		{`0xg`, 2, 1, `invalid hexadecimal number`},
		{`0b2`, 2, 1, `invalid binary number`},
		{`0o8`, 2, 1, `invalid octal number`},
		{`0d1`, 0, 2, `redundant integer number prefix, expected nothing`},
		{`0X1`, 0, 2, "radix must be lowercase, expected `0x`"},
		{`01`, 0, 1, `unexpected leading zero, expected nothing`},
		{`00`, 0, 1, `unexpected leading zero, expected nothing`},
		{`0_1`, 0, 1, `unexpected leading zero, expected nothing`},
		{`+0x1`, 0, 1, `integers with a radix cannot be signed, expected nothing`},
		{`-0x1`, 0, 1, `integers with a radix cannot be signed, expected nothing`},
		{`0x-1`, 2, 1, `unexpected sign, expected nothing`},
		{`0x_1`, 0, 1, "`_` may only go between digits, expected nothing"},
		{`0x1_`, 3, 1, "`_` may only go between digits, expected nothing"},
		{`0x1__2`, 4, 1, "`_` may only go between digits"},
		{`--1`, 1, 1, `redundant numeric sign, expected nothing`},
		{`+-`, 1, 1, `redundant numeric sign, expected nothing`},
		{`-`, 0, 1, `string values must be quoted, expected literal string`},
		{`+`, 0, 1, `string values must be quoted, expected literal string`},
		{`-`, 0, 1, `string values must be quoted, expected literal string`},
		{`1.`, 2, 1, `invalid fraction, expected digits`},
		{`1.e5`, 2, 1, `invalid fraction, expected digits`},
		{`.5`, 0, 1, `invalid mantissa, expected digits`},
		{`-.5`, 0, 1, `invalid mantissa, expected digits`},
		{`.`, 0, 1, `invalid mantissa, expected digits`},
		{`1.5_`, 3, 1, "`_` may only go between digits, expected nothing"},
		{`1._5`, 2, 1, "`_` may only go between digits"},
		{`1_.5`, 1, 1, "`_` may only go between digits"},
		{`1e`, 2, 1, `invalid exponent, expected digits`},
		{`1e+`, 3, 1, `invalid exponent, expected digits`},
		{`1e_5`, 2, 1, "`_` may only go between digits"},
		{`1.5.5`, 3, 2, `invalid float, expected nothing`},
		{`1.5x`, 3, 1, `invalid float, expected nothing`},
		{`01.5`, 0, 1, `unexpected leading zero, expected nothing`},
		{`infx`, 0, 4, "invalid float, expected `inf`"},
		{`Inf`, 0, 3, "invalid float, expected `inf`"},
		{`-nanx`, 1, 4, "invalid float, expected `nan`"},
		{`+infinity`, 1, 8, "invalid float, expected `inf`"},
		{`truex`, 0, 5, "invalid boolean, expected `true`"},
		{`tru`, 0, 3, "invalid boolean, expected `true`"},
		{`True`, 0, 4, "invalid boolean, expected `true`"},
		{`F`, 0, 1, "invalid boolean, expected `false`"},
		{`+true`, 0, 5, `string values must be quoted, expected literal string`},
		{`1a`, 0, 2, `string values must be quoted, expected literal string`},
		{`é`, 0, 2, `string values must be quoted, expected literal string`},
		{`1é`, 0, 3, `string values must be quoted, expected literal string`},
		{`a.b`, 0, 3, `string values must be quoted, expected literal string`},
		{`a'`, 0, 1, "missing opening quote, expected `'`"},
		{`1"`, 0, 1, "missing opening quote, expected `\"`"},
		{`1'''`, 0, 1, "missing opening quote, expected `'''`"},
		{`1_2x`, 0, 4, `integer number overflowed`},
		{`9223372036854775808`, 0, 19, `u64 value was too large`},
		{`18446744073709551615`, 0, 20, `u64 value was too large`},
		{`18446744073709551616`, 0, 20, `integer number overflowed`},
		{`-9223372036854775809`, 0, 20, `integer number overflowed`},
		{`170141183460469231731687303715884105727`, 0, 39, `integer number overflowed`},
		{`170141183460469231731687303715884105728`, 0, 39, `integer number overflowed`},
		{`-170141183460469231731687303715884105728`, 0, 40, `integer number overflowed`},
		{`-170141183460469231731687303715884105729`, 0, 40, `integer number overflowed`},
		{`340282366920938463463374607431768211455`, 0, 39, `integer number overflowed`},
		{`340282366920938463463374607431768211456`, 0, 39, `integer number overflowed`},
		{`0xffffffffffffffff`, 0, 18, `u64 value was too large`},
		{`0x10000000000000000`, 0, 19, `integer number overflowed`},
		{`1.5e400`, 0, 7, `floating-point number overflowed`},
		{`1 2`, 0, 3, `string values must be quoted, expected literal string`},
		{`1.2 3`, 0, 5, `string values must be quoted, expected literal string`},
		{`true x`, 0, 6, `string values must be quoted, expected literal string`},
		{`2020-01-01 x`, 0, 12, `invalid time, expected hour`},
		{`0x1 2`, 3, 1, `invalid hexadecimal number`},
		{"1.5\t2", 3, 2, `invalid float, expected nothing`},
		{`- 1`, 0, 3, `string values must be quoted, expected literal string`},
		{`2020-13-01`, 0, 10, `invalid date, expected month between 01 and 12`},
		{`2020-00-01`, 0, 10, `invalid date, expected month between 01 and 12`},
		{`2020-01-32`, 0, 10, `invalid date, expected day between 01 and 31`},
		{`2020-01-00`, 0, 10, `invalid date, expected day between 01 and 31`},
		{`2020-02-30`, 0, 10, `invalid date, expected day between 01 and 29`},
		{`2021-02-29`, 0, 10, `invalid date, expected day between 01 and 28`},
		{`1900-02-29`, 0, 10, `invalid date, expected day between 01 and 28`},
		{`2020-11-31`, 0, 10, `invalid date, expected day between 01 and 30`},
		{`2020-04-31`, 0, 10, `invalid date, expected day between 01 and 30`},
		{`2020-`, 0, 5, `invalid date, expected month`},
		{`2020-1`, 0, 6, "invalid date, expected `-` (MM-DD)"},
		{`2020-01-`, 0, 8, `invalid date, expected day`},
		{`2020-1-01`, 0, 9, `invalid date, expected a two-digit month (MM)`},
		{`2020-01-1`, 0, 9, `invalid date, expected a two-digit day (DD)`},
		{`20-01-01`, 0, 8, `invalid date, expected a four-digit year (YYYY)`},
		{`1-a`, 0, 3, `invalid date, expected month`},
		{`2020-0x-01`, 0, 10, "invalid date, expected `-` (MM-DD)"},
		{`+2020-01-01`, 0, 11, `invalid datetime, expected year or hour`},
		{`2020-01-01x`, 0, 11, "invalid date-time, expected `T` between date and time"},
		{`2020-01-01T`, 0, 11, `invalid time, expected hour`},
		{`2020-01-01T1`, 0, 12, "invalid time, expected `:` (HH:MM)"},
		{`2020-01-01T12:`, 0, 14, `invalid time, expected minute`},
		{`2020-01-01T12:00:0`, 0, 18, `invalid time, expected a two-digit second (SS)`},
		{`2020-01-01T12:00:61`, 0, 19, `invalid time, expected second between 00 and 60`},
		{`2020-01-01T24:00:00`, 0, 19, `invalid time, expected hour between 00 and 23`},
		{`2020-01-01T12:60:00`, 0, 19, `invalid time, expected minute between 00 and 59`},
		{`2020-01-01T12:00:00.`, 0, 20, `invalid time, expected nanosecond`},
		{`2020-01-01T12:00:00x`, 0, 20, "invalid offset, expected `Z`, +OFFSET, -OFFSET"},
		{`2020-01-01T12:00:00+`, 0, 20, `invalid offset, expected hour`},
		{`2020-01-01T12:00:00+1`, 0, 21, "invalid offset, expected `:` (HH:MM)"},
		{`2020-01-01T12:00:00+1:00`, 0, 24, `invalid offset, expected a two-digit hour (HH)`},
		{`2020-01-01T12:00:00+10:`, 0, 23, `invalid offset, expected minute`},
		{`2020-01-01T12:00:00+24:00`, 0, 25, `invalid offset, expected hours between 00 and 23`},
		{`2020-01-01T12:00:00-10:60`, 0, 25, `invalid offset, expected minutes between 00 and 59`},
		{`2020-01-01T12:00:00Zx`, 0, 21, `invalid datetime`},
		{`12:0`, 0, 4, `invalid time, expected a two-digit minute (MM)`},
		{`1:00:00.`, 0, 8, `invalid time, expected nanosecond`},
		{`7:32:00`, 0, 7, `invalid time, expected a two-digit hour (HH)`},
		{`12:00:00Z`, 0, 9, `invalid datetime`},
		{`25:0:00`, 0, 7, `invalid time, expected a two-digit minute (MM)`},
	} {
		_, err := parseTOML([]byte("x = "+test.raw+"\n"), &Definition{})
		syntax, ok := err.(*SyntaxError)
		if !ok {
			t.Errorf("%s is %v", test.raw, err)
			continue
		}
		if syntax.Column-5 != test.start || syntax.length != test.length || syntax.Reason != test.reason {
			t.Errorf("%s is %d:%d %q, want %d:%d %q", test.raw,
				syntax.Column-5, syntax.length, syntax.Reason, test.start, test.length, test.reason)
		}
	}
}

func TestBareValuesThatCargoTakes(t *testing.T) {
	for raw, want := range map[string]bareKind{
		"true":                               bareBoolean,
		"false":                              bareBoolean,
		`9223372036854775807`:                bareInteger,
		`-9223372036854775808`:               bareInteger,
		`0x7fffffffffffffff`:                 bareInteger,
		`1e308`:                              bareFloat,
		`1.05e-07`:                           bareFloat,
		`-inf`:                               bareFloat,
		`nan`:                                bareFloat,
		`0e5`:                                bareFloat,
		`1_000`:                              bareInteger,
		`0xdead_BEEF`:                        bareInteger,
		`0b1_0`:                              bareInteger,
		`0o17`:                               bareInteger,
		`-0`:                                 bareInteger,
		`+5`:                                 bareInteger,
		`2000-02-29`:                         bareDatetime,
		`2020-01-01T12:00`:                   bareDatetime,
		`2020-01-01T12:00:60`:                bareDatetime,
		`2020-01-01T12:00:00.1234567890123Z`: bareDatetime,
		`2020-01-01t12:00:00z`:               bareDatetime,
		`12:00`:                              bareDatetime,
		`07:32:00.5`:                         bareDatetime,
		`2020-01-01 12:00:00`:                bareDatetime,
	} {
		v, p := parseBare(raw)
		if p != nil || v.tooLarge() != nil || v.kind != want {
			t.Errorf("%s is of kind %s (%v, %v), want %s", raw, v.kind, p, v.tooLarge(), want)
		}
	}
}

func TestWhereABareValueEnds(t *testing.T) {
	for document, want := range map[string]string{
		"1":             "1",
		"1\n2":          "1",
		"1\r\n":         "1",
		"1 # one":       "1",
		"1#":            "1",
		"1, 2":          "1",
		"1 2\t3 , 4":    "1 2\t3",
		"a.b .c":        "a.b",
		"a'b":           "a'b",
		"a 'b'":         "a",
		"1] ":           "1",
		"1 }":           "1",
		"a=b":           "a",
		"2020-01-01 12": "2020-01-01 12",
		"":              "",
	} {
		if got := bareAt(document, 0); got != want {
			t.Errorf("the bare value at the start of %q is %q, want %q", document, got, want)
		}
	}
}

// What stands around a bare value is not taken for one.
func TestMistakesBesideBareValues(t *testing.T) {
	const unquoted = "string values must be quoted, expected literal string"
	for _, test := range []struct {
		document     string
		line, column int
		reason       string
	}{
		{"a = [\n  \"x\"\n  'y'\n]\n", 3, 3, "missing comma between array elements, expected `,`"},
		{"a = [\n  true\n  x\n]\n", 3, 3, "missing comma between array elements, expected `,`"},
		{"a = {b = \"x\"\n c = \"y\"}\n", 2, 2, "missing comma between key-value pairs, expected `,`"},
		{"[a]\ntoken =", 2, 8, unquoted},
		{"a = \"", 1, 6, "invalid basic string, expected `\"`"},
		{"a = \"b=01", 1, 10, "invalid basic string, expected `\"`"},
		{"a = \"b=1\\q\"", 1, 10, "missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\\`, `\"`, `x`, `u`, `U`"},
		{"a = 1 # b = 01 \x01\n", 1, 16, "invalid comment character, expected printable characters"},
		{"b = true c = 2\n", 1, 12, "unexpected key or value, expected newline, `#`"},
		{"b = infx]\n", 1, 9, "unexpected key or value, expected newline, `#`"},
		{"a = 1 2\n", 1, 5, unquoted},
		{"a = [1 2]\n", 1, 6, unquoted},
		{"a = [infx]\n", 1, 6, "invalid float, expected `inf`"},
	} {
		_, err := parseTOML([]byte(test.document), &Definition{})
		syntax, ok := err.(*SyntaxError)
		if !ok || syntax.Line != test.line || syntax.Column != test.column || syntax.Reason != test.reason {
			t.Errorf("the error of %q is\n%v, want %d:%d %s", test.document, err, test.line, test.column, test.reason)
		}
	}
}

func TestTheFirstMistakeIsTold(t *testing.T) {
	for document, want := range map[string]int{
		// Cargo looks at values once it has read the document, and at their size last.
		"a = 2020-13-01\nb =\n":                      2,
		"a = 2020-13-01\na = 2\n":                    1,
		"a = 99999999999999999999\nb = 2020-13-01\n": 2,
		"a = 1.5\nb = 99999999999999999999\n":        2,
		"a = [\n  1,\n  1__0,\n]\n":                  3,
	} {
		_, err := parseTOML([]byte(document), &Definition{})
		if syntax, ok := err.(*SyntaxError); !ok || syntax.Line != want {
			t.Errorf("the error of %q is %v, want line %d", document, err, want)
		}
	}
}

// FuzzBareValue holds what is taken for a value against the library's decoder,
// which takes less in a few places.
func FuzzBareValue(f *testing.F) {
	for _, raw := range []string{"1_000", "0xff", "-1.5e-3", "2020-01-01T12:00:00.5+01:00", "12:00:00", "inf", "true", "x y", "1''"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		v, p := parseBare(raw)
		if p == nil {
			p = v.tooLarge()
		}
		if p != nil && (p.start < 0 || p.start > p.end || p.end > len(raw) || p.reason == "") {
			t.Errorf("the problem of %q is %v", raw, p)
		}
		if raw == "" || bareAt(raw, 0) != raw || strings.ContainsAny(raw[:1], "'\" \t") {
			return
		}
		var document map[string]any
		if toml.Unmarshal([]byte("x = "+raw), &document) != nil {
			return
		}
		switch x := document["x"].(type) {
		case int64:
			if p != nil || v.kind != bareInteger || v.integer() != x {
				t.Errorf("%q is %s %d (%v), want %d", raw, v.kind, v.integer(), p, x)
			}
		case bool:
			if p != nil || v.kind != bareBoolean {
				t.Errorf("%q is %s (%v), want a boolean", raw, v.kind, p)
			}
		case float64:
			if p != nil || v.kind != bareFloat {
				t.Errorf("%q is %s (%v), want a float", raw, v.kind, p)
			}
		default:
			if p != nil || v.kind != bareDatetime {
				t.Errorf("%q is %s (%v), want a date or a time", raw, v.kind, p)
			}
		}
	})
}
