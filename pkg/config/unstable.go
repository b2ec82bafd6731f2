package config

// Unstable returns which flags the table [unstable] sets. Cargo warns of
// flags that are not among the known ones. It is for programs to decide
// whether the table counts: only some of Cargo's channels read it.
func (c *Config) Unstable(known []string) (map[string]bool, error) {
	k := parseKey("unstable")
	if ok, err := c.configured(k); err != nil || !ok {
		return nil, err
	}
	t, err := c.openTable(k, known...)
	if err != nil {
		return nil, err
	}
	flags := map[string]bool{}
	for _, name := range known {
		if n, err := c.find(k.child(name)); err != nil || n != nil && n.kind != booleanKind && takesMore[name] {
			continue
		}
		flag, err := t.boolean(name)
		if err != nil {
			return nil, err
		}
		flags[name] = flag != nil && flag.Val
	}
	return flags, nil
}

// takesMore are the flags that may be something else than a boolean.
var takesMore = map[string]bool{
	"allow-features": true, "build-std": true, "build-std-features": true, "fix-edition": true,
	"git": true, "gitoxide": true, "root-dir": true,
}
