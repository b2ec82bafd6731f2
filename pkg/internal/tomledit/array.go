package tomledit

import (
	"fmt"
	"strings"
)

// SetStrings sets the value at path, which must be in a table and not exist
// yet, to an array of strings. Where it stands is said at [Document.Set].
func (d *Document) SetStrings(texts []string, path ...string) error {
	if d.Has(path...) {
		return fmt.Errorf("%w: %s exists", ErrRefused, strings.Join(path, "."))
	}
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = Quote(text)
	}
	return d.setRaw("["+strings.Join(quoted, ", ")+"]", path)
}

// AppendString adds a string at the end of the array of strings at path, in the
// form that the array has.
func (d *Document) AppendString(text string, path ...string) error {
	e, err := d.list(path)
	if err != nil {
		return err
	}
	if len(e.children) == 0 {
		return d.apply([]edit{insert(e.value.start+1, Quote(text))})
	}
	return d.apply(d.addInline(e, Quote(text)))
}

// ReplaceString replaces a string by another one wherever it stands in the array
// of strings at path.
func (d *Document) ReplaceString(old, text string, path ...string) error {
	e, err := d.list(path)
	if err != nil {
		return err
	}
	var edits []edit
	for _, element := range e.children {
		if element.text == old {
			raw := requote(string(d.data[element.start:element.end]), text)
			edits = append(edits, edit{element.start, element.end, raw})
		}
	}
	return d.apply(edits)
}

// RemoveString removes a string from the array of strings at path, wherever it
// stands in it.
func (d *Document) RemoveString(text string, path ...string) error {
	e, err := d.list(path)
	if err != nil {
		return err
	}
	return d.apply(d.removeInline(e, func(element *entry) bool { return element.text == text }))
}

// list returns the entry of an array of strings.
func (d *Document) list(path []string) (*entry, error) {
	e := d.find(path)
	if e == nil || !e.list {
		return nil, fmt.Errorf("%w: %s is no array of strings", ErrRefused, strings.Join(path, "."))
	}
	return e, nil
}
