package main

import (
	"io"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk"
	_ "github.com/goreleaser/nfpm/v2/deb"
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
		VersionSchema:   "none", // ours is one already
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
		// The programs are static. The secret store is for those who register it,
		// git for registries whose index is a git repository.
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
