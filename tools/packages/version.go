package main

import (
	"fmt"
	"regexp"
	"time"
)

// A version is one version in the two forms that packages need: both sort after
// the release that the commit follows, and a pre-release before its release.
type version struct {
	plain string // for dpkg, rpm and names of files
	apk   string
}

var (
	tagged   = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)(?:-(alpha|beta|pre|rc)\.?(\d*))?(?:-(\d+)-(g[0-9a-f]+))?(-dirty)?$`)
	untagged = regexp.MustCompile(`^([0-9a-f]{7,40}|devel)(-dirty)?$`)
)

// parseVersion reads what `git describe --tags --always --dirty` prints. A
// commit without a tag before it is told by its date.
func parseVersion(described string, at time.Time) (version, error) {
	if m := tagged.FindStringSubmatch(described); m != nil {
		release, pre, number, commits, commit, dirty := m[1], m[2], m[3], m[4], m[5], m[6]
		v := version{plain: release, apk: release}
		if pre != "" {
			v.plain += "~" + pre + number
			v.apk += "_" + pre + number
		}
		if commits != "" {
			v.plain += "+" + commits + "." + commit
			v.apk += "_git" + commits
		}
		if dirty != "" {
			v.plain += "+dirty"
		}
		return v, nil
	}
	if m := untagged.FindStringSubmatch(described); m != nil {
		date := "git" + at.Format("20060102")
		v := version{plain: "0.0.0+" + date + "." + m[1], apk: "0.0.0_" + date}
		if m[2] != "" {
			v.plain += "+dirty"
		}
		return v, nil
	}
	return version{}, fmt.Errorf("no version of a package: %q", described)
}
