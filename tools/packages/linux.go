package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk"
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// writePackage writes a deb, rpm or apk.
func (p platform) writePackage(format, dist string) error {
	scratch, err := os.MkdirTemp("", "cargo-auth-packages")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)

	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	info := &nfpm.Info{
		Name:            name,
		Arch:            p.machine,
		Platform:        p.system,
		Version:         p.version.plain,
		VersionSchema:   "none", // parseVersion has done this
		Section:         "utils",
		Priority:        "optional",
		Maintainer:      maintainer,
		Description:     summary + "\n" + description,
		Vendor:          "cargo-auth developers",
		Homepage:        homepage,
		License:         license,
		MTime:           p.time,
		DisableGlobbing: true,
	}
	switch format {
	case "deb":
		// The programs are static and depend on nothing. A secret store helps those
		// who register it, and git reads an index that is a git repository.
		info.Suggests = []string{"gnome-keyring | keepassxc", "git"}
	case "rpm":
		info.Suggests = []string{"gnome-keyring", "git"}
		info.RPM.Summary = summary
		info.RPM.BuildHost = "localhost"
		info.Description = description
	case "apk":
		info.Version = p.version.apk
		info.Release = "r0"
		info.Description = summary
	}
	if info.Contents, err = p.contents(format, scratch); err != nil {
		return err
	}
	info = nfpm.WithDefaults(info)
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	return create(filepath.Join(dist, packager.ConventionalFileName(info)), func(w io.Writer) error {
		return packager.Package(info, w)
	})
}

// A packing collects what goes into one deb, rpm or apk.
type packing struct {
	format   string
	time     time.Time
	scratch  string // for files that differ from those in the tree
	contents files.Contents
}

// contents returns what is in the package: the tree, under /usr, and what the
// format needs in addition. Files that differ from the tree go to scratch.
func (p platform) contents(format, scratch string) (files.Contents, error) {
	packing := packing{format: format, time: p.time, scratch: scratch}
	ours := map[string]bool{}
	for _, f := range p.tree {
		if err := packing.add(f); err != nil {
			return nil, err
		}
		for dir := path.Dir(f.name); strings.Contains(dir+"/", "/"+name+"/"); dir = path.Dir(dir) {
			ours[dir] = true
		}
	}
	// A directory that only we use is removed with the package.
	for dir := range ours {
		packing.put("/usr/"+dir, "", files.TypeDir, 0o755)
	}
	if format == "deb" {
		if err := packing.addDebian(p); err != nil {
			return nil, err
		}
	}
	return packing.contents, nil
}

// add adds a file of the tree where the format expects it.
func (p *packing) add(f file) error {
	switch dir, base := path.Split(f.name); {
	case strings.HasPrefix(f.name, "share/man/"):
		// Cargo's packages have a cargo-login.1.gz too. With this name, man finds
		// ours if Cargo's is not installed, and as `man 1cargo-auth cargo-login`.
		content, err := os.ReadFile(f.source)
		if err != nil {
			return err
		}
		return p.putCompressed("/usr/"+f.name+name+".gz", content)
	case p.format == "deb" && dir == "share/zsh/site-functions/":
		// Debian's zsh looks for site-functions under /usr/local only.
		p.put("/usr/share/zsh/vendor-completions/"+base, f.source, files.TypeFile, f.mode)
	case p.format == "rpm" && strings.HasPrefix(f.name, "share/doc/"):
		p.put("/usr/"+f.name, f.source, files.TypeRPMLicense, f.mode)
	default:
		p.put("/usr/"+f.name, f.source, files.TypeFile, f.mode)
	}
	return nil
}

func (p *packing) put(destination, source, kind string, mode fs.FileMode) {
	p.contents = append(p.contents, &files.Content{
		Source: source, Destination: destination, Type: kind,
		FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: p.time},
	})
}

// putContent adds a file that is not in the tree.
func (p *packing) putContent(destination string, content []byte) error {
	source := filepath.Join(p.scratch, path.Base(destination))
	if err := os.WriteFile(source, content, 0o644); err != nil {
		return err
	}
	p.put(destination, source, files.TypeFile, 0o644)
	return nil
}

// putCompressed adds a file that is not in the tree, compressed with gzip.
func (p *packing) putCompressed(destination string, content []byte) error {
	compressed, err := compress(content)
	if err != nil {
		return err
	}
	return p.putContent(destination, compressed)
}

// addDebian adds what only a deb has.
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
	// Tell Debian's checker that the programs are static, and the manual pages
	// named so, on purpose.
	overrides := []byte(name + ": statically-linked-binary [usr/bin/*]\n" +
		name + ": wrong-manual-section 1" + name + " != 1 [usr/share/man/man1/*]\n")
	if err := p.putContent("/usr/share/lintian/overrides/"+name, overrides); err != nil {
		return err
	}
	return p.putCompressed(doc+"changelog.gz", changelog.Bytes())
}

// holder returns the copyright holder that a licence names.
func holder(license string) string {
	_, rest, _ := strings.Cut(license, "Copyright (c) ")
	holder, _, _ := strings.Cut(rest, "\n")
	return holder
}

// paragraphs indents a text as Debian's control files require.
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

  * See {{.Homepage}} for the changes.

 -- {{.Maintainer}}  {{.Date}}
`))
