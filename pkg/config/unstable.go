package config

import "slices"

// Unstable returns which flags the table [unstable] sets. Cargo warns of keys
// that are neither among the flags nor among the others, which are no booleans
// and not read. It is for programs to decide whether the table counts: only
// some of Cargo's channels read it.
func (c *Config) Unstable(flags, others []string) (map[string]bool, error) {
	k := parseKey("unstable")
	if ok, err := c.configured(k); err != nil || !ok {
		return nil, err
	}
	t, err := c.openTable(k, slices.Concat(flags, others)...)
	if err != nil {
		return nil, err
	}
	set := map[string]bool{}
	for _, name := range flags {
		flag, err := t.boolean(name)
		if err != nil {
			return nil, err
		}
		set[name] = flag != nil && flag.Val
	}
	return set, nil
}
