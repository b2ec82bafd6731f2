package tomledit

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// edits are those that the credentials file and config.toml need.
var edits = map[string]func(*Document) error{
	"set": func(d *Document) error { return d.Set("new", "registries", "a", "token") },
	"remove": func(d *Document) error {
		return d.Remove([]string{"registries", "a"}, "token", "secret-key", "secret-key-subject")
	},
	"replace": func(d *Document) error {
		if err := d.Only("registry", "token"); err != nil {
			return err
		}
		return d.Set("new", "registry", "token")
	},
	"nest":   func(d *Document) error { return d.Nest("token", "registry") },
	"append": func(d *Document) error { return setList(d, append(listed(d), "new")) },
	"swap": func(d *Document) error {
		texts := listed(d)
		for i := range texts {
			if texts[i] == "a" {
				texts[i] = "new"
			}
		}
		return setList(d, texts)
	},
	"leave": func(d *Document) error {
		return setList(d, slices.DeleteFunc(listed(d), func(text string) bool { return text == "a" }))
	},
	"discard":    func(d *Document) error { return d.Discard("registries", "a", "token") },
	"substitute": func(d *Document) error { _, err := d.Substitute("new", "registries", "a", "token"); return err },
	"restore":    func(d *Document) error { _, err := d.Restore("registries", "a", "token"); return err },
}

var list = []string{"registry", "providers"}

func setList(d *Document, texts []string) error { return d.SetStrings(texts, list...) }

func listed(d *Document) (texts []string) {
	if e := d.find(list); e != nil {
		for _, element := range e.children {
			texts = append(texts, element.text)
		}
	}
	return texts
}

// tests are documents before and after an edit.
var tests = []struct{ name, edit, before, after string }{
	{"new file", "set", "", "[registries.a]\ntoken = \"new\"\n"},
	{"new file", "replace", "", "[registry]\ntoken = \"new\"\n"},
	{"only a byte order mark", "set", "\ufeff", "\ufeff[registries.a]\ntoken = \"new\"\n"},
	{"only a comment", "set", "# c", "# c\n\n[registries.a]\ntoken = \"new\""},
	{"below a section", "set", "[b]\nx = 1\n", "[b]\nx = 1\n\n[registries.a]\ntoken = \"new\"\n"},
	{"below an empty line", "set", "[b]\nx = 1\n\n", "[b]\nx = 1\n\n[registries.a]\ntoken = \"new\"\n"},
	{"CRLF", "set", "[b]\r\nx = 1\r\n", "[b]\r\nx = 1\r\n\r\n[registries.a]\r\ntoken = \"new\"\r\n"},
	{"no final line end", "set", "[b]\nx = 1", "[b]\nx = 1\n\n[registries.a]\ntoken = \"new\""},

	{"existing value", "set", "[registries.a] # h\n  token  =  \"old\"  # c\nx = 1\n", "[registries.a] # h\n  token  =  \"new\"  # c\nx = 1\n"},
	{"literal quotes", "set", "[registries.a]\ntoken = 'old'", "[registries.a]\ntoken = 'new'"},
	{"multi-line string", "set", "[registries.a]\ntoken = \"\"\"\nold\\\n  er\"\"\" # c\n", "[registries.a]\ntoken = \"\"\"new\"\"\" # c\n"},
	{"multi-line literal", "set", "[registries.a]\ntoken = '''\nold\n'''\n", "[registries.a]\ntoken = \"new\"\n"},
	{"same value", "set", "[registries.a]\ntoken = \"n\\u0065w\"\n", "[registries.a]\ntoken = \"n\\u0065w\"\n"},
	{"after the last key", "set", "[registries.a]\n\tx = 1 # c\n\n# about b\n[b]\n", "[registries.a]\n\tx = 1 # c\n\ttoken = \"new\"\n\n# about b\n[b]\n"},
	{"after the header", "set", "[registries.a]\n# c\n", "[registries.a]\ntoken = \"new\"\n# c\n"},
	{"after an array over lines", "set", "[registries.a]\nx = [\n 1, # [c]\n]\r\n[b]\n", "[registries.a]\nx = [\n 1, # [c]\n]\r\ntoken = \"new\"\r\n[b]\n"},
	{"no line end after the last key", "set", "[registries.a]\nx = 1", "[registries.a]\nx = 1\ntoken = \"new\""},
	{"quoted header", "set", "[ \"registries\" . 'a' ]\nx=1\n", "[ \"registries\" . 'a' ]\nx=1\ntoken = \"new\"\n"},
	{"sub-table first", "set", "[registries.a.sub]\nx=1\n[registries.a]\ny=1\n[c]\n", "[registries.a.sub]\nx=1\n[registries.a]\ny=1\ntoken = \"new\"\n[c]\n"},
	{"implicit super-table", "set", "[registries.a.sub]\nx=1\n", "[registries.a.sub]\nx=1\n\n[registries.a]\ntoken = \"new\"\n"},
	{"dotted in the root", "set", "registries.a.x = 1\ny = 1\n[c]\n", "registries.a.x = 1\nregistries.a.token = \"new\"\ny = 1\n[c]\n"},
	{"dotted next to it", "set", "registries.b.x = 1\n[c]\n", "registries.b.x = 1\nregistries.a.token = \"new\"\n[c]\n"},
	{"dotted in a section", "set", "[registries]\n'a'.x = 1\n[c]\n", "[registries]\n'a'.x = 1\n'a'.token = \"new\"\n[c]\n"},
	{"section above it", "set", "[registries]\nb.x = 1\n", "[registries]\nb.x = 1\n\n[registries.a]\ntoken = \"new\"\n"},
	{"inline", "set", "registries.a = { x = 1 }\n", "registries.a = { x = 1, token = \"new\" }\n"},
	{"empty inline", "set", "registries.a = {}\n", "registries.a = { token = \"new\" }\n"},
	{"inline with space", "set", "registries.a = { }\n", "registries.a = { token = \"new\" }\n"},
	{"inline in inline", "set", "registries = { b = {}, a = {x=1} }\n", "registries = { b = {}, a = {x=1, token = \"new\"} }\n"},
	{"new in inline", "set", "registries = { b = {} } # c\n", "registries = { b = {}, a = { token = \"new\" } } # c\n"},
	{"dotted in inline", "set", "registries = { a.x = 1, b = {} }\n", "registries = { a.x = 1, b = {}, a.token = \"new\" }\n"},
	{"inline over lines", "set", "registries.a = {\n  x = 1, # one, two\n  y = 2 # c\n}\n", "registries.a = {\n  x = 1, # one, two\n  y = 2, # c\n  token = \"new\"\n}\n"},
	{"inline over lines with a last comma", "set", "registries.a = {\r\n  x = 1, # c\r\n}\r\n", "registries.a = {\r\n  x = 1, # c\r\n  token = \"new\",\r\n}\r\n"},

	{"no list", "append", "", "[registry]\nproviders = [\"new\"]\n"},
	{"no list in the section", "append", "[registry]\nx = 1\n\n[b]\n", "[registry]\nx = 1\nproviders = [\"new\"]\n\n[b]\n"},
	{"no list in the inline table", "append", "registry = { x = 1 }\n", "registry = { x = 1, providers = [\"new\"] }\n"},
	{"empty list", "append", "registry.providers = [ ] # c\n", "registry.providers = [\"new\" ] # c\n"},
	{"list", "append", "registry.providers = [ 'a',\"b\" ]\n", "registry.providers = [ 'a',\"b\", \"new\" ]\n"},
	{"list with a last comma", "append", "registry.providers = ['a', ]\n", "registry.providers = ['a', \"new\", ]\n"},
	{"list over lines", "append", "registry.providers = [\n  'a', # one, two\n  'b' # c\n]\n", "registry.providers = [\n  'a', # one, two\n  'b', # c\n  \"new\"\n]\n"},
	{"list over lines with a last comma", "append", "registry.providers = [ # c\r\n  'a',\r\n]", "registry.providers = [ # c\r\n  'a',\r\n  \"new\",\r\n]"},
	{"list in an inline table", "append", "registry = { providers = ['a'], x = 1 }", "registry = { providers = ['a', \"new\"], x = 1 }"},
	{"an element", "swap", "registry.providers = ['b', 'a', 'c'] # a\n", "registry.providers = ['b', 'new', 'c'] # a\n"},
	{"the first", "leave", "registry.providers = ['a', 'b']\n", "registry.providers = ['b']\n"},
	{"the last", "leave", "registry.providers = ['b', 'a']\n", "registry.providers = ['b']\n"},
	{"all", "leave", "registry.providers = ['a', \"a\"]\n", "registry.providers = []\n"},
	{"a line", "leave", "registry.providers = [\n  'b', # b\n  'a',\n]\n", "registry.providers = [\n  'b', # b\n]\n"},
	{"nothing", "leave", "registry.providers = [ 'b','c' ]\n", "registry.providers = [ 'b','c' ]\n"},
	{"a line with a comment", "leave", "registry.providers = [\n  'a', # c\n  'b'\n]\n", "registry.providers = [\n  # c\n  'b'\n]\n"},
	{"the section", "discard", "x = 1\n\n[registries.a]\ntoken = 't' # c\n\n[b]\n", "x = 1\n\n[b]\n"},
	{"the last section", "discard", "x = 1\n\n[registries.a]\ntoken = 't' # c\n", "x = 1\n"},
	{"the only section", "discard", "[registries.a]\ntoken = 't'\n", ""},
	{"the last section without a line end", "discard", "x = 1\r\n\r\n[registries.a]\r\ntoken = 't'", "x = 1"},
	{"a section with a comment", "discard", "[registries.a] # c\ntoken = 't'\n", "[registries.a] # c\n"},
	{"a section with another key", "discard", "[registries.a]\ntoken = 't' # c\nx = 1\n", "[registries.a]\nx = 1\n"},
	{"in an inline table", "discard", "registries.a = { token = 't' }\n", "registries.a = { }\n"},
	{"above a comment", "discard", "[registries.a]\ntoken = 't'\n# c\n", "[registries.a]\n# c\n"},
	{"a dotted key", "discard", "x = 1\nregistries.a.token = 't'\n\ny = 1\n", "x = 1\n\ny = 1\n"},

	{"a list", "substitute", "[registries.a]\ntoken = ['a', \"#\"]\nx = 1\n", "[registries.a]\ntoken = \"new\" # was ['a', \"#\"]\nx = 1\n"},
	{"nothing", "substitute", "[registries.a]\nx = 1\n", "[registries.a]\nx = 1\ntoken = \"new\"\n"},
	{"a list over lines", "substitute", "[registries.a]\ntoken = [\n]", "[registries.a]\ntoken = \"new\""},
	{"a value with a comment", "substitute", "[registries.a]\ntoken = 'a' # c", "[registries.a]\ntoken = \"new\" # was 'a' # c"},
	{"a value with a comment", "restore", "[registries.a]\ntoken = \"new\" # was 'a' # c", "[registries.a]\ntoken = 'a' # c"},
	{"in an inline table", "substitute", "registries.a = {token = 'a'}", "registries.a = {token = 'new'}"},
	{"a list", "restore", "[registries.a]\r\ntoken = 'new' # was ['a', \"#\"]\r\nx = 1\r\n", "[registries.a]\r\ntoken = ['a', \"#\"]\r\nx = 1\r\n"},
	{"another comment", "restore", "[registries.a]\ntoken = 'new' # one", "[registries.a]\ntoken = 'new' # one"},
	{"nothing", "restore", "", ""},

	{"nothing there", "remove", "[registries.b]\ntoken = \"x\"\n", "[registries.b]\ntoken = \"x\"\n"},
	{"all three", "remove", "[registries.a]\ntoken = \"t\"\nx = 1\nsecret-key = \"k\"\n# c\nsecret-key-subject = \"s\"\n[b]\n", "[registries.a]\nx = 1\n# c\n[b]\n"},
	{"comment after it", "remove", "[registries.a]\n  token = \"t\"  # mine\n", "[registries.a]\n  # mine\n"},
	{"last line", "remove", "[registries.a]\nx = 1\ntoken = \"t\"", "[registries.a]\nx = 1"},
	{"multi-line string", "remove", "[registries.a]\r\ntoken = '''\r\n[x]\r\n'''\r\nx = 1\r\n", "[registries.a]\r\nx = 1\r\n"},
	{"dotted, others", "remove", "registries.a.token = \"t\"\nregistries.a.x = 1\n", "registries.a.x = 1\n"},
	{"dotted, alone", "remove", "registries.'a'.token = \"t\" # c\n", "registries.'a' = {} # c\n"},
	{"dotted, alone together", "remove", "registries.a.token = \"t\"\nregistries.a.secret-key = \"k\"\nx = 1\n", "registries.a = {}\nx = 1\n"},
	{"inline, alone", "remove", "registries.a = { token = \"t\" }\n", "registries.a = { }\n"},
	{"inline, first", "remove", "registries.a = {token = \"t\", x = 1}\n", "registries.a = {x = 1}\n"},
	{"inline, last", "remove", "registries.a = { x = 1, token = \"t\" }\n", "registries.a = { x = 1 }\n"},
	{"inline, between", "remove", "registries.a = { x = 1, token = \"t\", y = 2 }\n", "registries.a = { x = 1, y = 2 }\n"},
	{"dotted in inline, alone", "remove", "registries = { b = 1, a.token = \"t\", a.secret-key = \"k\" }\n", "registries = { b = 1, a = {} }\n"},
	{"inline over lines", "remove", "registries.a = {\n  x = 1, # one\n  token = \"t\", # two\n  y = 2,\n}\n", "registries.a = {\n  x = 1, # one\n  # two\n  y = 2,\n}\n"},
	{"a table", "remove", "[registries.a.token]\nx = 1\n[[registries.a.token.y]]\n# c\n[b]\n", "[registries.a]\n# c\n[b]\n"},
	{"array of tables next to it", "remove", "[registries.a]\ntoken=\"t\"\n[[registries.a.m]]\ntoken=\"m\"\n", "[registries.a]\n[[registries.a.m]]\ntoken=\"m\"\n"},

	{"other keys", "replace", "[registry]\n# c\ndefault = \"a\"\ntoken = 'old' # t\nsecret-key = \"k\"\n[registry.sub]\nx = 1\n[b]\n", "[registry]\n# c\ntoken = 'new' # t\n[b]\n"},
	{"no token", "replace", "[registry]\ndefault = \"a\" # c\n[b]\n", "[registry]\ntoken = \"new\"\n# c\n[b]\n"},
	{"only a sub-table", "replace", "[registry.sub]\nx = 1\n", "[registry]\ntoken = \"new\"\n"},
	{"dotted", "replace", "registry.x = 1\nregistry.token = \"o\"\n", "registry.token = \"new\"\n"},
	{"inline", "replace", "registry = { x = 1, y = { z = 1 } }\n", "registry = { token = \"new\" }\n"},
	{"token is a table", "replace", "[registry.token]\nx = 1\n", "[registry]\ntoken = \"new\"\n"},

	{"nowhere", "nest", "[registry]\ntoken = \"t\"\n", "[registry]\ntoken = \"t\"\n"},
	{"alone", "nest", "token = 'o' # c\n", "# c\n\n[registry]\ntoken = 'o'\n"},
	{"into a table", "nest", "token = 'o'\n[registry]\ndefault = \"a\"\ntoken = \"t\" # c\n", "[registry]\ntoken = 'o' # c\n"},
	{"a number", "nest", "token = 0x1F\n[b]\n", "[b]\n\n[registry]\ntoken = 0x1F\n"},
}

func TestEditsChangeNothingElse(t *testing.T) {
	for _, test := range tests {
		d := New([]byte(test.before))
		if err := edits[test.edit](d); err != nil {
			t.Errorf("%s: %s of %q: %v", test.name, test.edit, test.before, err)
			continue
		}
		if got := string(d.Bytes()); got != test.after {
			t.Errorf("%s: %s of\n%q is\n%q, want\n%q", test.name, test.edit, test.before, got, test.after)
		}
	}
}

func TestAListWithOtherStringsIsWrittenAgain(t *testing.T) {
	d := New([]byte("[registry]\nproviders = ['a', 'b'] # c\n"))
	if err := d.SetStrings([]string{"b", "x", "y"}, list...); err != nil {
		t.Fatal(err)
	}
	if got, want := string(d.Bytes()), "[registry]\nproviders = [\"b\", \"x\", \"y\"] # c\n"; got != want {
		t.Errorf("the document is %q, want %q", got, want)
	}
}

func TestQuoteChoosesTheQuotes(t *testing.T) {
	for text, want := range map[string]string{
		"":         `""`,
		"plain":    `"plain"`,
		`a"b`:      `'a"b'`,
		`a\b`:      `'a\b'`,
		`a'b`:      `"a'b"`,
		`a"b'\c`:   `"a\"b'\\c"`,
		"a\nb":     `"a\nb"`,
		"\x7f\x01": `"\u007F\u0001"`,
	} {
		if got := Quote(text); got != want {
			t.Errorf("Quote(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestManyTablesStayFast(t *testing.T) {
	document := "registry.providers = ['a']\n" + strings.Repeat("[[registries.b]]\ntoken = \"t\"\n", 50_000) + "[registries.a]\nx = 1\n"
	for name, edit := range edits {
		if err := edit(New([]byte(document))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// meanings change the values of a document as edits change the document. They report
// whether the edit is possible in such a document.
var meanings = map[string]func(root map[string]any) bool{
	"set": func(root map[string]any) bool {
		table, ok := child(root, "registries")
		if !ok {
			return false
		}
		if table, ok = child(table, "a"); !ok {
			return false
		}
		if !isSimple(table["token"]) {
			return false
		}
		table["token"] = "new"
		return true
	},
	"remove": func(root map[string]any) bool {
		table, ok := root["registries"].(map[string]any)
		if !ok {
			return root["registries"] == nil
		}
		registry, ok := table["a"].(map[string]any)
		if !ok {
			return table["a"] == nil
		}
		for _, key := range []string{"token", "secret-key", "secret-key-subject"} {
			delete(registry, key)
		}
		return true
	},
	"replace": func(root map[string]any) bool {
		if _, ok := child(root, "registry"); !ok {
			return false
		}
		root["registry"] = map[string]any{"token": "new"}
		return true
	},
	"nest": func(root map[string]any) bool {
		if _, ok := child(maps.Clone(root), "registry"); !ok {
			return false
		}
		if token, ok := root["token"]; ok {
			if _, isTable := token.(map[string]any); isTable {
				return false
			}
			delete(root, "token")
			root["registry"] = map[string]any{"token": token}
		}
		return true
	},
	"append": func(root map[string]any) bool {
		table, list, ok := providers(root)
		if ok {
			table["providers"] = append(list, "new")
		}
		return ok
	},
	"swap": func(root map[string]any) bool {
		_, list, ok := providers(root)
		for i, element := range list {
			if element == "a" {
				list[i] = "new"
			}
		}
		return ok && list != nil
	},
	"leave": func(root map[string]any) bool {
		table, list, ok := providers(root)
		if !ok || list == nil {
			return false
		}
		table["providers"] = slices.DeleteFunc(list, func(element any) bool { return element == "a" })
		return true
	},
	// These have their own tests.
	"discard":    func(map[string]any) bool { return false },
	"substitute": func(map[string]any) bool { return false },
	"restore":    func(map[string]any) bool { return false },
}

// providers returns the list that the edits change. ok says that it is a list of
// strings, or does not exist.
func providers(root map[string]any) (table map[string]any, list []any, ok bool) {
	table, ok = child(root, "registry")
	if !ok || table["providers"] == nil {
		return table, nil, ok
	}
	list, ok = table["providers"].([]any)
	for _, element := range list {
		_, isString := element.(string)
		ok = ok && isString
	}
	return table, list, ok
}

// child returns a table in a table. A missing one is added.
func child(root map[string]any, name string) (table map[string]any, ok bool) {
	if root[name] == nil {
		root[name] = map[string]any{}
	}
	table, ok = root[name].(map[string]any)
	return table, ok
}

func isSimple(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

func values(document []byte) (map[string]any, error) {
	root := map[string]any{}
	err := toml.Unmarshal(bytes.TrimPrefix(document, []byte(byteOrderMark)), &root)
	return root, err
}

// comments returns the comments outside of values.
func comments(document []byte) []string {
	var comments []string
	var p unstable.Parser
	p.KeepComments = true
	p.Reset(bytes.TrimPrefix(slices.Clip(document), []byte(byteOrderMark)))
	for p.NextExpression() {
		for e := p.Expression(); e != nil; e = e.Next() {
			if e.Kind == unstable.Comment {
				comments = append(comments, string(e.Data))
			}
		}
	}
	return comments
}

// isSubsequence reports whether some bytes of b are a.
func isSubsequence(a, b []byte) bool {
	for _, c := range b {
		if len(a) > 0 && a[0] == c {
			a = a[1:]
		}
	}
	return len(a) == 0
}

// check compares an edit of a document with the same edit of what it means.
func check(document []byte, name string) error {
	want, err := values(document)
	if err != nil || !meanings[name](want) {
		return nil
	}
	d := New(document)
	before, _ := values(document)
	existing := d.find([]string{"registries", "a", "token"})
	if err := edits[name](d); err != nil {
		return err
	}
	after := d.Bytes()
	got, err := values(after)
	if err != nil {
		return fmt.Errorf("has become malformed: %w: %q", err, after)
	}
	// In this form maps are sorted, and NaNs are equal.
	if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
		return fmt.Errorf("has become %q, which means\n%#v, want\n%#v", after, got, want)
	}
	if fmt.Sprintf("%#v", got) == fmt.Sprintf("%#v", before) && !bytes.Equal(after, document) && name != "nest" {
		return fmt.Errorf("has become %q without need", after)
	}
	if name == "set" && existing != nil {
		end := len(document) - existing.value.end
		if !bytes.Equal(after[:existing.value.start], document[:existing.value.start]) ||
			!bytes.Equal(after[len(after)-end:], document[len(document)-end:]) {
			return fmt.Errorf("has become %q: not only the value differs", after)
		}
	}
	if name == "set" && existing == nil && !isSubsequence(document, after) {
		return fmt.Errorf("has become %q, which lacks something", after)
	}
	wantComments, gotComments := comments(document), comments(after)
	slices.Sort(wantComments)
	slices.Sort(gotComments)
	if !slices.Equal(gotComments, wantComments) {
		return fmt.Errorf("has become %q with the comments %q, want %q", after, gotComments, wantComments)
	}
	return nil
}

func TestEditsMeanWhatWasAskedFor(t *testing.T) {
	for _, test := range tests {
		for name := range edits {
			for _, document := range []string{test.before, test.after} {
				if err := check([]byte(document), name); err != nil {
					t.Errorf("%s of %q: %v", name, document, err)
				}
			}
		}
	}
}

func FuzzEdits(f *testing.F) {
	for _, test := range tests {
		f.Add([]byte(test.before))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		for name := range edits {
			if err := check(document, name); err != nil {
				t.Errorf("%s of %q: %v", name, document, err)
			}
		}
	})
}

// An added list can be removed again.
func FuzzDiscard(f *testing.F) {
	for _, test := range tests {
		f.Add([]byte(test.before))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		root, err := values(document)
		if err != nil {
			return
		}
		table, _, ok := providers(root)
		d := New(document)
		if _, exists := table["providers"]; !ok || exists {
			return
		}
		if err := d.SetStrings([]string{"a"}, list...); err != nil {
			t.Fatalf("%q: %v", document, err)
		}
		if err := d.AddComment("c", list...); err != nil {
			t.Fatalf("%q: %v", document, err)
		}
		if err := d.Discard(list...); err != nil {
			t.Fatalf("%q: %v", document, err)
		}
		got, err := values(d.Bytes())
		if err != nil {
			t.Fatalf("%q has become %q: %v", document, d.Bytes(), err)
		}
		want, _ := values(document)
		for _, root := range []map[string]any{got, want} {
			if table, ok := child(root, "registry"); ok && len(table) == 0 {
				delete(root, "registry")
			}
		}
		if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
			t.Fatalf("%q has become %q", document, d.Bytes())
		}
		// An empty table may go or gain a space, and so may a last empty line.
		if _, hadTable := want["registry"]; !hadTable && bytes.Contains(document, []byte("registry")) {
			return
		}
		if trimmed := bytes.TrimSpace(document); !bytes.Contains(trimmed, []byte("{")) && !bytes.Equal(bytes.TrimSpace(d.Bytes()), trimmed) {
			t.Fatalf("%q has become %q", document, d.Bytes())
		}
	})
}

// A substituted value can be restored to the byte.
func FuzzSubstitute(f *testing.F) {
	for _, test := range tests {
		f.Add([]byte(test.before))
	}
	at := []string{"registries", "a", "token"}
	f.Fuzz(func(t *testing.T, document []byte) {
		if _, err := values(document); err != nil {
			return
		}
		d := New(document)
		if d.find(at) == nil {
			return
		}
		kept, err := d.Substitute("new", at...)
		if err != nil {
			t.Fatalf("%q: %v", document, err)
		}
		if e := d.find(at); e == nil || e.text != "new" {
			t.Fatalf("%q has become %q", document, d.Bytes())
		}
		substituted := string(d.Bytes())
		if restored, err := d.Restore(at...); restored != kept || err != nil {
			t.Fatalf("%q: restored %v, %v", substituted, restored, err)
		}
		if kept && !bytes.Equal(d.Bytes(), document) {
			t.Fatalf("%q has become %q, then %q", document, substituted, d.Bytes())
		}
	})
}
