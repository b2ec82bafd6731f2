package main

import (
	"bytes"
	"strings"
	"text/template"
	"time"
)

// addDebian adds what a deb has beside what every package has.
func (p *packing) addDebian(of platform) error {
	const doc = "/usr/share/doc/" + name + "/"
	mit, err := of.read("share/doc/" + name + "/LICENSE-MIT")
	if err != nil {
		return err
	}
	var copyright, changelog bytes.Buffer
	if err := copyrightText.Execute(&copyright, map[string]string{
		"Name": name, "Homepage": homepage, "Doc": doc,
		"Holder": holder(string(mit)), "MIT": paragraphs(string(mit)),
	}); err != nil {
		return err
	}
	if err := changelogText.Execute(&changelog, map[string]string{
		"Name": name, "Version": of.version.plain, "Homepage": homepage,
		"Maintainer": maintainer, "Date": of.time.Format(time.RFC1123Z),
	}); err != nil {
		return err
	}
	if err := p.putContent(doc+"copyright", copyright.Bytes()); err != nil {
		return err
	}
	// For Debian's checker: the programs are static on purpose, and so are the
	// manual pages' names.
	overrides := []byte(name + ": statically-linked-binary [usr/bin/*]\n" +
		name + ": wrong-manual-section 1" + name + " != 1 [usr/share/man/man1/*]\n")
	if err := p.putContent("/usr/share/lintian/overrides/"+name, overrides); err != nil {
		return err
	}
	return p.putCompressed(doc+"changelog.gz", changelog.Bytes())
}

// holder returns who holds the copyright, by the text of a licence.
func holder(license string) string {
	_, rest, _ := strings.Cut(license, "Copyright (c) ")
	holder, _, _ := strings.Cut(rest, "\n")
	return holder
}

// paragraphs indents a text as in a field of Debian's control files.
func paragraphs(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		if line == "" {
			line = "."
		}
		lines[i] = " " + line
	}
	return strings.Join(lines, "\n")
}

var copyrightText = template.Must(template.New("copyright").Parse(
	`Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: {{.Name}}
Source: {{.Homepage}}
Comment: The programs are linked from Go's standard library and Go modules,
 whose licences are in {{.Doc}}THIRD-PARTY-LICENSES.

Files: *
Copyright: {{.Holder}}
License: MIT or Apache-2.0

License: MIT
{{.MIT}}

License: Apache-2.0
 The text is in /usr/share/common-licenses/Apache-2.0.
`))

var changelogText = template.Must(template.New("changelog").Parse(
	`{{.Name}} ({{.Version}}) unstable; urgency=medium

  * The changes are in the history at {{.Homepage}}.

 -- {{.Maintainer}}  {{.Date}}
`))
