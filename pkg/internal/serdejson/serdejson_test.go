package serdejson

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSkipIsLooserThanAny(t *testing.T) {
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	for _, test := range []struct{ text, any, skip string }{
		{`"\ud800"`, "unexpected end of hex escape at line 1 column 8", ""},
		{`1e999`, "number out of range at line 1 column 5", ""},
		{deep, "recursion limit exceeded at line 1 column 128", ""},
		{"\"a\tb\"", controlCharacter + " at line 1 column 3", controlCharacter + " at line 1 column 2"},
		{`[1,]`, "trailing comma at line 1 column 4", "expected value at line 1 column 4"},
		{`{"a":1,}`, "trailing comma at line 1 column 8", "key must be a string at line 1 column 8"},
		{"{\"a\":\n  x}", "expected value at line 2 column 3", "expected value at line 2 column 3"},
	} {
		_, err := NewDecoder([]byte(test.text)).Any()
		if got := text(err); got != test.any {
			t.Errorf("%.30s: read: got %q, want %q", test.text, got, test.any)
		}
		if got := text(NewDecoder([]byte(test.text)).Skip()); got != test.skip {
			t.Errorf("%.30s: skipped: got %q, want %q", test.text, got, test.skip)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestNumbersAreShownAsCargoShowsThem(t *testing.T) {
	for literal, want := range map[string]string{
		"1":                              "integer `1`",
		"-1":                             "integer `-1`",
		"18446744073709551615":           "integer `18446744073709551615`",
		"18446744073709551616":           "floating point `1.8446744073709552e+19`",
		"-9223372036854775808":           "integer `-9223372036854775808`",
		"-9223372036854775809":           "floating point `-9.223372036854776e+18`",
		"-0":                             "floating point `-0.0`",
		"1.5":                            "floating point `1.5`",
		"1e0":                            "floating point `1.0`",
		"1e15":                           "floating point `1000000000000000.0`",
		"1e16":                           "floating point `1e+16`",
		"1e-5":                           "floating point `0.00001`",
		"1e-6":                           "floating point `1e-6`",
		"123456.789e3":                   "floating point `123456789.0`",
		"123456789012345678901234567890": "floating point `1.2345678901234568e+29`",
	} {
		v, err := NewDecoder([]byte(literal)).Any()
		if err != nil || v.describe() != want {
			t.Errorf("%s: got %s, %v, want %s", literal, v.describe(), err, want)
		}
	}
}

func FuzzAgainstTheStandardLibrary(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e+3,"\u00e9\n",null,true,false,{}],"b":{"c":[]}}`, `"\ud83d\ude00"`, ` 1 `, `{"a":1,}`, `[1,]`, `01`, `-`, `"`, `{`, `[`, `nul`, "\"\x00\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) {
			return
		}
		valid := json.Valid(text)
		d := NewDecoder(text)
		if skipped := d.Skip() == nil && d.End() == nil; skipped != valid {
			t.Errorf("skipping %q: %t, valid: %t", text, skipped, valid)
		}
		d = NewDecoder(text)
		v, err := d.Any()
		if err != nil || d.End() != nil {
			return
		}
		if !valid {
			t.Fatalf("%q was read and is not valid", text)
		}
		var want any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if !same(v, want) {
			t.Errorf("%q: got %#v, want %#v", text, v, want)
		}
	})
}

func same(v Value, want any) bool {
	switch want := want.(type) {
	case nil:
		return v.Kind == Null
	case bool:
		return v.Kind == Bool && v.Bool == want
	case string:
		return v.Kind == String && v.String == want
	case float64:
		if v.Kind == Integer {
			var f float64
			return json.Unmarshal([]byte(v.Integer), &f) == nil && f == want
		}
		return v.Kind == Float && (v.Float == want || math.Abs(v.Float) == math.Abs(want))
	case []any:
		for i := range want {
			if i >= len(v.Items) || !same(v.Items[i], want[i]) {
				return false
			}
		}
		return v.Kind == Array && len(v.Items) == len(want)
	case map[string]any:
		last := map[string]Value{}
		for _, m := range v.Members {
			last[m.Key] = m.Value
		}
		for key := range want {
			if got, ok := last[key]; !ok || !same(got, want[key]) {
				return false
			}
		}
		return v.Kind == Object && len(last) == len(want)
	}
	return false
}
