package config

import (
	"errors"
	"fmt"
)

// Term is the table [term]: what the user wants to see. A nil field is not
// configured.
type Term struct {
	Verbose, Quiet *bool
	// Color is "auto", "always" or "never", or anything else: it is not
	// checked here.
	Color *string
}

// Term reads [term]. Programs ignore the whole table if any of it is
// malformed.
func (c *Config) Term() (Term, error) {
	t, err := c.openTable(parseKey("term"), "verbose", "quiet", "color", "hyperlinks", "unicode", "progress")
	if err != nil {
		return Term{}, err
	}
	var term Term
	for _, read := range []func() error{
		func() (err error) { term.Verbose, err = val(t.boolean("verbose")); return },
		func() (err error) { term.Quiet, err = val(t.boolean("quiet")); return },
		func() (err error) { term.Color, err = val(t.text("color")); return },
		func() (err error) { _, err = t.boolean("hyperlinks"); return },
		func() (err error) { _, err = t.boolean("unicode"); return },
		t.checkProgress,
	} {
		if err := read(); err != nil {
			return Term{}, err
		}
	}
	return term, nil
}

// checkProgress checks [term.progress], of which nothing is used.
func (t *table) checkProgress() error {
	if ok, err := t.has("progress"); err != nil || !ok {
		return err
	}
	progress, err := t.c.openTable(t.key.child("progress"), "when", "width", "term-integration")
	if err != nil {
		return err
	}
	when, err := progress.text("when")
	if err != nil {
		return err
	}
	width, err := progress.unsigned("width", "usize")
	if err != nil {
		return err
	}
	if _, err := progress.boolean("term-integration"); err != nil {
		return err
	}
	switch {
	case when == nil || when.Val == "auto" || when.Val == "never":
		return nil
	case when.Val != "always":
		return fmt.Errorf("unknown variant `%s`, expected one of `auto`, `never`, `always`", when.Val)
	case width == nil:
		return errors.New(`"always" progress requires a ` + "`width` key")
	}
	return nil
}
