package config

import (
	"fmt"

	"github.com/cargo-auth/cargo-auth/pkg/internal/tomledit"
)

// document is a TOML file's content while it is changed: its text, and what that
// means.
type document struct {
	path string
	text *tomledit.Document
	tree *node
}

func (d *document) definition() Definition { return Definition{Kind: File, Path: d.path} }

func (d *document) parse(content []byte) error {
	tree, err := parseTOML(content, d.definition())
	if err != nil {
		return fileError(d.path, err)
	}
	text, err := tomledit.Parse(content)
	if err != nil {
		return fileError(d.path, err)
	}
	d.tree, d.text = tree, text
	return nil
}

// change changes the text as edit does, if it then means what mean makes of what
// it meant before.
func (d *document) change(mean func(root *node) error, edit func(*tomledit.Document) error) error {
	want := d.tree.clone()
	if err := mean(want); err != nil {
		return err
	}
	text := d.text.Clone()
	err := edit(text)
	var tree *node
	if err == nil {
		tree, err = parseTOML(text.Bytes(), want.definition)
	}
	if err == nil && !tree.means(want) {
		err = tomledit.ErrRefused
	}
	if err != nil {
		return fmt.Errorf("failed to edit `%s`: %w", d.path, err)
	}
	d.text.Clear()
	d.text, d.tree = text, tree
	return nil
}

// means reports whether two values are the same, wherever they are defined.
func (n *node) means(other *node) bool {
	if n.kind != other.kind || n.text != other.text || n.integer != other.integer || n.boolean != other.boolean ||
		len(n.list) != len(other.list) || len(n.table) != len(other.table) {
		return false
	}
	for i, element := range n.list {
		if !element.means(other.list[i]) {
			return false
		}
	}
	for name, value := range n.table {
		if match, ok := other.table[name]; !ok || !value.means(match) {
			return false
		}
	}
	return true
}
