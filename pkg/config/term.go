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
	// ProgressWhen is "auto", "always" or "never", and ProgressWidth the columns
	// of a progress line in place of the terminal's.
	ProgressWhen  *string
	ProgressWidth *int64
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
		func() (err error) { term.ProgressWhen, term.ProgressWidth, err = t.progress(); return },
	} {
		if err := read(); err != nil {
			return Term{}, err
		}
	}
	return term, nil
}

// progress reads [term.progress].
func (t *table) progress() (when *string, width *int64, err error) {
	if ok, err := t.has("progress"); err != nil || !ok {
		return nil, nil, err
	}
	progress, err := t.c.openTable(t.key.child("progress"), "when", "width", "term-integration")
	if err != nil {
		return nil, nil, err
	}
	if when, err = val(progress.text("when")); err != nil {
		return nil, nil, err
	}
	if width, err = val(progress.unsigned("width", "usize")); err != nil {
		return nil, nil, err
	}
	if _, err := progress.boolean("term-integration"); err != nil {
		return nil, nil, err
	}
	switch {
	case when == nil || *when == "auto" || *when == "never":
		return when, width, nil
	case *when != "always":
		return nil, nil, fmt.Errorf("unknown variant `%s`, expected one of `auto`, `never`, `always`", *when)
	case width == nil:
		return nil, nil, errors.New(`"always" progress requires a ` + "`width` key")
	}
	return when, width, nil
}
