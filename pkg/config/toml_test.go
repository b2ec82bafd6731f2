package config

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// show writes a tree as one line.
func show(n *node) string {
	switch n.kind {
	case stringKind:
		return quoteTOML(n.text)
	case integerKind, booleanKind:
		return strings.NewReplacer("integer `", "", "boolean `", "", "`", "").Replace(n.unexpected())
	case listKind:
		var parts []string
		for _, element := range n.elements() {
			parts = append(parts, show(element))
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	var parts []string
	for _, name := range n.names() {
		parts = append(parts, quoteKey(name)+":"+show(n.child(name)))
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

func TestParseTOMLErrorsAreCargos(t *testing.T) {
	for document, want := range map[string]string{
		"[a]\nb.c=1\n[a.b]\nx=1\n":          "TOML parse error at line 3, column 4\n  |\n3 | [a.b]\n  |    ^\nduplicate key",
		"[a.b.c]\nz=1\n[a]\nb.c.t=1\n":      "TOML parse error at line 4, column 3\n  |\n4 | b.c.t=1\n  |   ^\nduplicate key",
		"[[a.b]]\n[a]\nb.c=1\n":             "TOML parse error at line 3, column 3\n  |\n3 | b.c=1\n  |   ^\nduplicate key",
		"[a.b]\n[a]\nb.c=1\n":               "TOML parse error at line 3, column 1\n  |\n3 | b.c=1\n  | ^\nduplicate key",
		"a=[{}]\na.b=1":                     "TOML parse error at line 2, column 1\n  |\n2 | a.b=1\n  | ^\ncannot extend value of type array with a dotted key",
		"a={b=1,b.c=2}":                     "TOML parse error at line 1, column 8\n  |\n1 | a={b=1,b.c=2}\n  |        ^\ncannot extend value of type integer with a dotted key",
		"x = [\n":                           "TOML parse error at line 1, column 7\n  |\n1 | x = [\n  |       ^\nunclosed array, expected `]`",
		"b=1\na":                            "TOML parse error at line 2, column 2\n  |\n2 | a\n  |  ^\nkey with no value, expected `=`",
		"home/x.toml":                       "TOML parse error at line 1, column 12\n  |\n1 | home/x.toml\n  |            ^\nkey with no value, expected `=`",
		"word \"x\"":                        "TOML parse error at line 1, column 6\n  |\n1 | word \"x\"\n  |      ^\nkey with no value, expected `=`",
		"./none":                            "TOML parse error at line 1, column 7\n  |\n1 | ./none\n  |       ^\nmissing value for key, expected `=`",
		"a=\"x\\qb\"":                       "TOML parse error at line 1, column 6\n  |\n1 | a=\"x\\qb\"\n  |      ^\nmissing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\\`, `\"`, `x`, `u`, `U`",
		"a = 1\rb":                          "TOML parse error at line 1, column 7\n  |\n1 | a = 1\rb\n  |       ^\ncarriage return must be followed by newline, expected newline",
		"a=":                                "TOML parse error at line 1, column 3\n  |\n1 | a=\n  |   ^\nstring values must be quoted, expected literal string",
		"é=1":                               "TOML parse error at line 1, column 1\n  |\n1 | é=1\n  | ^\ninvalid unquoted key, expected letters, numbers, `-`, `_`",
		"a=old # x":                         "TOML parse error at line 1, column 3\n  |\n1 | a=old # x\n  |   ^^^\nstring values must be quoted, expected literal string",
		"[registry\n":                       "TOML parse error at line 1, column 10\n  |\n1 | [registry\n  |          ^\nunclosed table, expected `]`",
		"a=[]\n[[a]]\n":                     "TOML parse error at line 2, column 3\n  |\n2 | [[a]]\n  |   ^\nduplicate key",
		"[[a]]\n[a]\n":                      "TOML parse error at line 2, column 2\n  |\n2 | [a]\n  |  ^\nduplicate key",
		"a={}\n[a.b]\n":                     "TOML parse error at line 2, column 2\n  |\n2 | [a.b]\n  |  ^\ncannot extend value of type inline table with a dotted key",
		"a={b.c=1}\na.d=1\n":                "TOML parse error at line 2, column 1\n  |\n2 | a.d=1\n  | ^\ncannot extend value of type inline table with a dotted key",
		"a={b={},b.d=2}":                    "TOML parse error at line 1, column 9\n  |\n1 | a={b={},b.d=2}\n  |         ^\nduplicate key",
		"a.b=1\na.b.c=2":                    "TOML parse error at line 2, column 3\n  |\n2 | a.b.c=2\n  |   ^\ncannot extend value of type integer with a dotted key",
		"[a]\nb=1.5\n[[c]]\nd=1979-05-27\n": "failed to parse config at `a.b`: unsupported TOML configuration type `float`",
		"[[a]]\n[[a]]\n'b c'=1979-05-27":    "failed to parse config at `a[1].\"b c\"`: unsupported TOML configuration type `datetime`",
		"a=[{b=[nan]}]":                     "failed to parse config at `a[0].b[0]`: unsupported TOML configuration type `float`",
		"a='\xff'":                          "stream did not contain valid UTF-8",
	} {
		_, err := parseTOML([]byte(document), &Definition{})
		if err == nil || err.Error() != want {
			t.Errorf("parseTOML(%q) = %v, want %s", document, err, want)
		}
	}
}

// FuzzParseTOML holds the tree against what the library's decoder makes of the
// same document.
func FuzzParseTOML(f *testing.F) {
	for _, seed := range []string{
		"a.b=1\n[a.c]\n", "[[a]]\nb={c.d=1}\n", "[a]\n[a.b]\n[a]\n", "a={b=1,\n}\n", "\ufeffa=0x1\r\n",
		"a=[[1],{b=2}]", "'a b'.\"\\u0041\"=true", "[a.b.c]\n[a]\nb.d=1\n", "a=1e5\n", "a=07:32\n#\n",
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
		var syntax *SyntaxError
		if decodeErr == nil && errors.As(err, &syntax) {
			t.Fatalf("refused %q, which the decoder takes: %v", document, err)
		}
		if errors.As(err, &syntax) && (syntax.Line < 1 || syntax.Column < 1) {
			t.Fatalf("an error at line %d, column %d", syntax.Line, syntax.Column)
		}
	})
}

func showAny(value any) string {
	switch value := value.(type) {
	case string:
		return quoteTOML(value)
	case []any:
		var parts []string
		for _, element := range value {
			parts = append(parts, showAny(element))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			parts = append(parts, quoteKey(name)+":"+showAny(value[name]))
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	text, _ := toml.Marshal(map[string]any{"v": value})
	return strings.TrimSuffix(strings.TrimPrefix(string(text), "v = "), "\n")
}

func TestSyntaxErrorsShowNoSecret(t *testing.T) {
	for _, test := range []struct{ document, inCredentials, elsewhere string }{
		{"registry.token = s3cr3t-x", "registry.token = ********", "registry.token = ********"},
		{"token \"s3cr3t\" secret-key = 's3cr3t'", "token \"******\" secret-key = '******'", "token \"******\" secret-key = '******'"},
		{"a = {token = 's3cr3t'", "a = {token = '******'", "a = {token = '******'"},
		{"TOKEN = s3cr3t", "***** = ******", "***** = ******"},
		{"[registries.r token = \"s3cr3t\"", "[registries.r token = \"******\"", "[registries.r token = \"******\""},
		{"[token = s3cr3t]", "[token = ******]", "[token = ******]"},
		{"[s3cr3ts3cr3ts3cr3ts3cr3t", "[************************", "[************************"},
		{"tokn = 12345678901234567890", "tokn = ********************", "tokn = ********************"},
		{"a 12345678", "a ********", ""},
		{"Bearer s3cr3t", "****** ******", "****** ******"},
		{"cargo login s3cr3t", "***** ***** ******", "***** ***** ******"},
		{"export X_TOKEN=s3cr3t", "export X_TOKEN=******", "export X_TOKEN=******"},
		{"s3cr3ts3cr3ts3cr3ts3cr3t== # mine", "************************== # mine", "************************== # mine"},
		{"s3cr3ts3cr3t", "************", ""},
		{"\"t\\u006fken\" = \"s3cr3ts3cr3t", "\"**********\" = \"************", ""},
		{"[registries.a-name-that-is-long", "[registries.a-name-that-is-long", "[registries.a-name-that-is-long"},
		{"[registry", "[registry", "[registry"},
		{"[registry]\rtoken = 's3cr3t'", "[registry]\rtoken = '******'", "[registry]\rtoken = '******'"},
		{"abc", "abc", "abc"},
		{"index = https://registry.example/", "index = *************************", "index = https://registry.example/"},
	} {
		for name, want := range map[string]string{"credentials.toml": test.inCredentials, "config.toml": test.elsewhere} {
			_, err := parseTOML([]byte("x = 1\n"+test.document+"\n"), &Definition{Path: "/home/" + name})
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Errorf("%s: the error is %v", test.document, err)
				continue
			}
			if want != "" && (syntax.line != want || strings.Contains(err.Error(), "s3cr3t")) {
				t.Errorf("%s in %s: the line is\n%s, want\n%s", test.document, name, syntax.line, want)
			}
		}
	}
}
