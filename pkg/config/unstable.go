package config

import "fmt"

// UnstableKey is a key that the table [unstable] may have.
type UnstableKey struct {
	Name string
	Kind UnstableKind
	// Check refuses the text of [UnstableFeatures], the empty one always. Its
	// error says what is accepted.
	Check func(text string) error
}

// UnstableKind is what a key of the table [unstable] holds.
type UnstableKind int

const (
	// UnstableFlag is true or false.
	UnstableFlag UnstableKind = iota
	// UnstableList is a list of strings.
	UnstableList
	// UnstableFeatures is true or false, a table, or a text that lists
	// features.
	UnstableFeatures
	// UnstableOther is anything, and not read.
	UnstableOther
)

// UnstableTable is what the table [unstable] says.
type UnstableTable struct {
	// Flags are those that are set.
	Flags map[string]bool
	// Lists has the lists that are configured.
	Lists map[string][]string
}

// Unstable reads the table [unstable]. Cargo warns of keys in it that it does
// not know. It is for programs to decide whether the table counts: only some of
// Cargo's channels read it.
func (c *Config) Unstable(keys []UnstableKey) (UnstableTable, error) {
	u := UnstableTable{Flags: map[string]bool{}, Lists: map[string][]string{}}
	k := parseKey("unstable")
	if ok, err := c.configured(k); err != nil || !ok {
		return u, err
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = key.Name
	}
	t, err := c.openTable(k, names...)
	if err != nil {
		return u, err
	}
	for _, key := range keys {
		if err := u.read(t, key); err != nil {
			return UnstableTable{}, err
		}
	}
	return u, nil
}

func (u *UnstableTable) read(t *table, key UnstableKey) error {
	if ok, err := t.has(key.Name); err != nil || !ok {
		return err
	}
	switch key.Kind {
	case UnstableFlag:
		flag, err := t.boolean(key.Name)
		if err != nil {
			return err
		}
		u.Flags[key.Name] = flag != nil && flag.Val
	case UnstableList:
		list, err := t.strings(key.Name)
		if err != nil {
			return err
		}
		u.Lists[key.Name] = []string{}
		for _, v := range list {
			u.Lists[key.Name] = append(u.Lists[key.Name], v.Val)
		}
	case UnstableFeatures:
		return t.features(key)
	}
	return nil
}

// features checks a key of the kind [UnstableFeatures].
func (t *table) features(key UnstableKey) error {
	k := t.key.child(key.Name)
	n, err := t.c.find(k)
	if err != nil || n == nil || n.kind == booleanKind || n.kind == tableKind {
		return err
	}
	var wrong error
	if n.kind == stringKind {
		wrong = key.Check(n.text)
	} else {
		wrong = fmt.Errorf("invalid type: %s, expected %v", n.unexpected(), key.Check(""))
	}
	if wrong != nil {
		return fmt.Errorf("error in %s: could not load config key `%s`: %w", n.definition, k, wrong)
	}
	return nil
}
