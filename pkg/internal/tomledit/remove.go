package tomledit

import "slices"

// Remove removes keys from a table, whatever their values are, with all that a
// table or an array of tables holds. The table around them stays, if need be
// as an empty one; so do all comments outside of the values. Removing what is
// not there does nothing.
func (d *Document) Remove(table []string, names ...string) error {
	return d.apply(d.removal(table, func(e *entry) bool { return slices.Contains(names, e.path[len(table)]) }))
}

// Only removes all keys from a table at the top of the document, but those
// with the given names which hold a string.
func (d *Document) Only(table string, names ...string) error {
	return d.apply(d.removal([]string{table}, func(e *entry) bool {
		return len(e.path) > 2 || !e.isString || !slices.Contains(names, e.path[1])
	}))
}

// removal returns the edits that take out of the table what unwanted says,
// which is asked about the entries below the table.
func (d *Document) removal(table []string, unwanted func(*entry) bool) []edit {
	doomed := map[*entry]bool{}
	orphan := len(table) > 0
	entries := d.entries()
	for _, e := range entries {
		switch {
		case !hasPrefix(e.path, table):
		case len(e.path) > len(table) && e.array > len(table) && unwanted(e):
			doomed[e] = true
		default:
			orphan = false
		}
	}

	var edits []edit
	var kept *entry
	inline := map[*entry]bool{}
	for _, e := range entries {
		if !doomed[e] || doomed[e.table] {
			continue
		}
		if orphan && kept == nil {
			// Nothing else makes the table exist.
			kept = e
			edits = append(edits, d.reduce(e, len(table)))
			if e.table == nil {
				continue
			}
		}
		switch {
		case e.table != nil:
			if !inline[e.table] {
				inline[e.table] = true
				edits = append(edits, d.removeInline(e.table, func(e *entry) bool { return doomed[e] && e != kept })...)
			}
		case e.comment.end > 0:
			edits = append(edits, cut(e.start, e.comment.start))
		default:
			edits = append(edits, cut(e.line.start, e.line.end))
		}
	}
	return edits
}

// reduce makes an empty table of e, at the first n elements of its path.
func (d *Document) reduce(e *entry, n int) edit {
	keys := e.own(n)
	if e.kind == keyValue {
		return edit{keys.end, e.end, " = {}"}
	}
	return edit{e.start, e.end, "[" + string(d.data[keys.start:keys.end]) + "]"}
}

// Nest moves a key from the top of the document into a table there. What the
// table held before is removed.
func (d *Document) Nest(key, table string) error {
	if !d.Has(key) {
		return nil
	}
	changed := d.Clone()
	var err error
	if e := d.find([]string{key}); e != nil {
		err = changed.nestValue(string(d.data[e.value.start:e.value.end]), key, table)
	} else {
		err = changed.nestTables(key, table)
	}
	if err != nil {
		return err
	}
	*d = *changed
	return nil
}

// nestValue is Nest for a key with a value, of which raw is the text.
func (d *Document) nestValue(raw, key, table string) error {
	if err := d.Remove(nil, key); err != nil {
		return err
	}
	if err := d.Only(table, key); err != nil {
		return err
	}
	return d.setRaw(raw, []string{table, key})
}

// nestTables is Nest for a key that is made by headers or dotted keys: it puts
// the table's name before the key wherever it stands.
func (d *Document) nestTables(key, table string) error {
	if err := d.Remove(nil, table); err != nil {
		return err
	}
	var edits []edit
	for _, e := range d.entries() {
		if e.inherited == 0 && e.path[0] == key {
			edits = append(edits, insert(e.keys[0].start, QuoteKey(table)+"."))
		}
	}
	return d.apply(edits)
}
