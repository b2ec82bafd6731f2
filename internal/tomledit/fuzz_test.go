package tomledit

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// meanings do to the values of a document what edits do to the document. They
// report whether the document has a form in which that can be asked for.
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
	// What these do beside that is for tests of their own.
	"discard":    func(map[string]any) bool { return false },
	"substitute": func(map[string]any) bool { return false },
	"restore":    func(map[string]any) bool { return false },
}

// providers returns the list that the edits change; it need not be one of
// strings.
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

// child returns the table in a table, which is added if there is none.
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
	// So printed, maps are sorted and NaNs equal.
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

// What is added can be taken back.
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

// What is substituted can be put back, to the byte.
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
		if _, ok := d.Substituted(at...); ok != kept {
			t.Fatalf("%q has become %q: what there was is kept: %v", document, substituted, ok)
		}
		if !kept {
			return
		}
		if err := d.Restore(at...); err != nil {
			t.Fatalf("%q: %v", substituted, err)
		}
		if !bytes.Equal(d.Bytes(), document) {
			t.Fatalf("%q has become %q, then %q", document, substituted, d.Bytes())
		}
	})
}
