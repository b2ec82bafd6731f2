package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// show writes a tree as one line.
func show(n *node) string {
	switch n.kind {
	case stringKind:
		return strconv.Quote(n.text)
	case integerKind, booleanKind:
		return n.text
	case listKind:
		var parts []string
		for _, element := range n.list {
			parts = append(parts, show(element))
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	var parts []string
	for _, name := range n.names() {
		parts = append(parts, shownKey(name)+":"+show(n.child(name)))
	}
	return "{" + strings.Join(parts, " ") + "}"
}

func TestParseTOML(t *testing.T) {
	for document, want := range map[string]string{
		"":                                        "{}",
		"\ufeffa=1\r\nb='x'\n":                    "{a:1 b:\"x\"}",
		"a.b.c=1\n[a.d]\nx=true\n":                "{a:{b:{c:1} d:{x:true}}}",
		"[a]\nb.c=1\n[a.b.d]\nx=1\n":              "{a:{b:{c:1 d:{x:1}}}}",
		"[a.b]\n[a]\nc=1\n":                       "{a:{b:{} c:1}}",
		"[[a]]\n[a.b]\n[[a]]\n[a.b]\nx=1\n":       "{a:[{b:{}} {b:{x:1}}]}",
		"[[a.b]]\n[a]\nc=1\n":                     "{a:{b:[{}] c:1}}",
		"a={b.c=1,b.d=2}":                         "{a:{b:{c:1 d:2}}}",
		"[[a]]\nb.c=1\n[a.b.d]\n":                 "{a:[{b:{c:1 d:{}}}]}",
		"a=[1, # one\n 0x1F, 1_000, +1,]":         "{a:[1 31 1000 1]}",
		"a={b=1,\n # in a table\n c=2,\n}":        "{a:{b:1 c:2}}",
		"a.\"\".'x.y'=\"\\e\\x41\\u00e9\"":        "{a:{:{\"x.y\":\"\\x1bAé\"}}}",
		"a='''\nx\ny'''\nb=\"\"\"x\\\n   y\"\"\"": "{a:\"x\\ny\" b:\"xy\"}",
	} {
		n, err := parseTOML([]byte(document), &Definition{})
		if err != nil {
			t.Errorf("parseTOML(%q): %v", document, err)
			continue
		}
		if got := show(n); got != want {
			t.Errorf("parseTOML(%q) = %s, want %s", document, got, want)
		}
	}
}

func TestParseTOMLRefuses(t *testing.T) {
	const defined = ": this key is already defined"
	for document, want := range map[string]string{
		"[a]\nb.c=1\n[a.b]\nx=1\n":          "3:4" + defined,
		"[a.b.c]\nz=1\n[a]\nb.c.t=1\n":      "4:1" + defined,
		"[[a.b]]\n[a]\nb.c=1\n":             "3:1" + defined,
		"[a.b]\n[a]\nb.c=1\n":               "3:1" + defined,
		"a=[{}]\na.b=1":                     "2:1" + defined,
		"a={b=1,b.c=2}":                     "1:8" + defined,
		"a=1\n\"\\u0061\"=2":                "2:1" + defined,
		"[a]\n[a]\n":                        "2:2" + defined,
		"a=[]\n[[a]]\n":                     "2:3" + defined,
		"[[a]]\n[a]\n":                      "2:2" + defined,
		"a={}\n[a.b]\n":                     "2:2" + defined,
		"a={b.c=1}\na.d=1\n":                "2:1" + defined,
		"a={b={},b.d=2}":                    "1:9" + defined,
		"a={b.c={},b.c.d=2}":                "1:13" + defined,
		"a.b=1\na.b.c=2":                    "2:3" + defined,
		"x = [\n":                           "1:6: array is incomplete",
		"b=1\na":                            "2:1: expected '=' after key",
		"é=1":                               "1:1: invalid character at start of key: U+00C3 'Ã'",
		"a = 'é' x":                         "1:9: expected newline but got U+0078 'x'",
		"a=":                                "1:2: expected value, not end of input",
		"a=01":                              "1:3: integers cannot have leading zeroes",
		"a=0x8000000000000000":              "1:3: integers must fit into 64 bits",
		"a=-9223372036854775809":            "1:3: integers must fit into 64 bits",
		"[a]\nb=1.5\n[[c]]\nd=1979-05-27\n": "failed to parse config at `a.b`: unsupported TOML configuration type `float`",
		"[[a]]\n[[a]]\n'b c'=1979-05-27":    "failed to parse config at `a[1].\"b c\"`: unsupported TOML configuration type `datetime`",
		"a=[{b=[nan]}]":                     "failed to parse config at `a[0].b[0]`: unsupported TOML configuration type `float`",
		"a=07:32":                           "failed to parse config at `a`: unsupported TOML configuration type `datetime`",
		"a=2020-01-01 00:00:00.5-07:30":     "failed to parse config at `a`: unsupported TOML configuration type `datetime`",
		"a='\xff'":                          "stream did not contain valid UTF-8",
	} {
		_, err := parseTOML([]byte(document), &Definition{})
		got := fmt.Sprint(err)
		var syntax *syntaxError
		if errors.As(err, &syntax) {
			got = fmt.Sprintf("%d:%d: %s", syntax.Line, syntax.Column, syntax.Reason)
		}
		if got != want {
			t.Errorf("parseTOML(%q): %s, want %s", document, got, want)
		}
	}
}

// FuzzParseTOML holds the tree against what the library's decoder makes of the
// same document.
func FuzzParseTOML(f *testing.F) {
	for _, seed := range []string{
		"a.b=1\n[a.c]\n", "[[a]]\nb={c.d=1}\n", "[a]\n[a.b]\n[a]\n", "a={b=1,\n}\n", "\ufeffa=0x1\r\n",
		"a=[[1],{b=2}]", "'a b'.\"\\u0041\"=true", "[a.b.c]\n[a]\nb.d=1\n", "a=1e5\n", "a=07:32\n#\n", "a=[0b1_1, -0, 1_0e1_0, +nan]", "a=2020-01-01T00:00:00.1+23:59", "a=2020-01-01t00:00z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		n, err := parseTOML([]byte(document), &Definition{})
		var values map[string]any
		decodeErr := toml.Unmarshal([]byte(strings.TrimPrefix(document, "\ufeff")), &values)
		if err == nil {
			if decodeErr != nil {
				t.Fatalf("parsed %q, which the decoder refuses: %v", document, decodeErr)
			}
			if got, want := show(n), showAny(values); got != want {
				t.Fatalf("parsed %q as %s, the decoder as %s", document, got, want)
			}
			return
		}
		var syntax *syntaxError
		if isSyntax := errors.As(err, &syntax); isSyntax && decodeErr == nil {
			t.Fatalf("of %q: %v, but the decoder: %v", document, err, decodeErr)
		}
		if errors.As(err, &syntax) && (syntax.Line < 1 || syntax.Column < 1) {
			t.Fatalf("an error at line %d, column %d", syntax.Line, syntax.Column)
		}
	})
}

func showAny(value any) string {
	switch value := value.(type) {
	case string:
		return strconv.Quote(value)
	case []any:
		var parts []string
		for _, element := range value {
			parts = append(parts, showAny(element))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			parts = append(parts, shownKey(name)+":"+showAny(value[name]))
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	text, _ := toml.Marshal(map[string]any{"v": value})
	return strings.TrimSuffix(strings.TrimPrefix(string(text), "v = "), "\n")
}

func TestSyntaxErrorsShowNothingOfTheDocument(t *testing.T) {
	for _, document := range []string{
		"registry.token = s3cr3t", "token \"s3cr3t\"", "a = {token = 's3cr3t'", "[s3cr3t", "s3cr3t", "'s3cr3t", "a='s3cr3t'\na=1",
		"[a]\n[a]\ns3cr3t=1", "a=7s3cr3t", "s3cr3t=1\ns3cr3t=2", "a=\"s3cr3t\\q\"", "a=tr3cr3t", "a = 1\rs3cr3t",
	} {
		_, err := parseTOML([]byte(document), &Definition{})
		var syntax *syntaxError
		if !errors.As(err, &syntax) || strings.Contains(err.Error(), "s3cr") {
			t.Errorf("%q: the error is %v", document, err)
		}
	}
}
