package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2/files"
)

// A packing collects what goes into one deb, rpm or apk.
type packing struct {
	format   string
	time     time.Time
	scratch  string // for files that are not as they are in the tree
	contents files.Contents
}

// contents returns what is in the package: the tree below /usr, and what the
// format wants beside it. What differs from the tree is written into scratch.
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
	// A directory that is only ours goes when the package does.
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

// add adds a file of the tree at its place, which is not always the tree's.
func (p *packing) add(f file) error {
	switch dir, base := path.Split(f.name); {
	case strings.HasPrefix(f.name, "share/man/"):
		// The packages of Cargo have a cargo-login.1.gz as well; man finds ours
		// where that is not, and as `man 1cargo-auth cargo-login`.
		content, err := os.ReadFile(f.source)
		if err != nil {
			return err
		}
		return p.putCompressed("/usr/"+f.name+name+".gz", content)
	case p.format == "deb" && dir == "share/zsh/site-functions/":
		// Debian's zsh looks for site-functions below /usr/local only.
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

// putContent adds a file that the tree does not have.
func (p *packing) putContent(destination string, content []byte) error {
	source := filepath.Join(p.scratch, path.Base(destination))
	if err := os.WriteFile(source, content, 0o644); err != nil {
		return err
	}
	p.put(destination, source, files.TypeFile, 0o644)
	return nil
}

// putCompressed is putContent for a file that is compressed with gzip.
func (p *packing) putCompressed(destination string, content []byte) error {
	compressed, err := compress(content)
	if err != nil {
		return err
	}
	return p.putContent(destination, compressed)
}
