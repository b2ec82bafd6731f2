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

func (d *document) definition() *Definition { return &Definition{Kind: File, Path: d.path} }

// parse takes over the content, whose meaning may be known already. Nobody may
// change it as long as it is the text.
func (d *document) parse(content []byte) (err error) {
	if d.tree == nil {
		if d.tree, err = parseTOML(content, d.definition()); err != nil {
			return fileError(d.path, err)
		}
	}
	d.text = tomledit.New(content)
	return nil
}

// change changes the text as edit does, if it then means what mean makes of what
// it meant before.
func (d *document) change(mean func(root *node) error, edit func(*tomledit.Document) error) error {
	tree, text := d.tree, d.text.Clone()
	err := mean(tree)
	if err == nil {
		tree, err = d.edited(tree, text, edit)
	}
	if err != nil {
		// The tree has been changed. To copy it first would cost every change what
		// this costs one that fails.
		d.tree, _ = parseTOML(d.text.Bytes(), d.definition())
		return err
	}
	d.text, d.tree = text, tree
	return nil
}

// edited changes the text and returns what it then means, if that is what is
// wanted.
func (d *document) edited(want *node, text *tomledit.Document, edit func(*tomledit.Document) error) (*node, error) {
	err := edit(text)
	var tree *node
	if err == nil {
		tree, err = parseTOML(text.Bytes(), want.definition)
	}
	if err == nil && !tree.means(want) {
		err = tomledit.ErrRefused
	}
	if err != nil {
		return nil, fmt.Errorf("failed to edit `%s`: %w", d.path, err)
	}
	return tree, nil
}

// means reports whether two values are the same, wherever they are defined.
func (n *node) means(other *node) bool {
	if n.kind != other.kind || n.text != other.text || len(n.members.list) != len(other.members.list) {
		return false
	}
	for i, e := range n.members.list {
		match := other.childAt(i, e.name)
		if match == nil || !e.value.means(match) {
			return false
		}
	}
	return true
}
