package config

// Source is a table [source.NAME]. A nil field is not configured.
type Source struct {
	Name string
	// ReplaceWith is the name of the source to use instead.
	ReplaceWith *Value[string]
	// Directory and LocalRegistry are paths, see [Config.ResolvePath].
	Directory, LocalRegistry *Value[string]
	// Registry and Git are URLs.
	Registry, Git *Value[string]
	// Branch, Tag and Rev belong to Git.
	Branch, Tag, Rev *Value[string]
}

// Sources returns all [source] tables in the files and the --config values,
// sorted by name. The environment can change a value of such a table, with the
// source's name in the variable as it stands in the file, but cannot add one.
func (c *Config) Sources() ([]Source, error) {
	k := parseKey("source")
	n, err := c.find(k)
	if err != nil || n == nil {
		return nil, err
	}
	if n.kind != tableKind {
		return nil, invalidError(k, n, "table")
	}
	var sources []Source
	for _, name := range n.names() {
		source, err := c.source(k.exactChild(name), name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, source)
	}
	return sources, nil
}

func (c *Config) source(k key, name string) (Source, error) {
	source := Source{Name: name}
	fields := []struct {
		name string
		to   **Value[string]
	}{
		{"replace-with", &source.ReplaceWith},
		{"directory", &source.Directory},
		{"registry", &source.Registry},
		{"local-registry", &source.LocalRegistry},
		{"git", &source.Git},
		{"branch", &source.Branch},
		{"tag", &source.Tag},
		{"rev", &source.Rev},
	}
	var known []string
	for _, f := range fields {
		known = append(known, f.name)
	}
	t, err := c.openTable(k, known...)
	if err != nil {
		return Source{}, err
	}
	for _, f := range fields {
		if *f.to, err = t.locatedText(f.name); err != nil {
			return Source{}, err
		}
	}
	return source, nil
}
