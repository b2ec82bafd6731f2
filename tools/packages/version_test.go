package main

import (
	"testing"
	"time"
)

func TestParseVersion(t *testing.T) {
	at := time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC)
	for _, test := range []struct{ described, plain, apk string }{
		{"v1.2.3", "1.2.3", "1.2.3"},
		{"1.2.3", "1.2.3", "1.2.3"},
		{"v1.2.3-rc.1", "1.2.3~rc1", "1.2.3_rc1"},
		{"v1.2.3-beta", "1.2.3~beta", "1.2.3_beta"},
		{"v1.2.3-14-gfae8ce8", "1.2.3+14.gfae8ce8", "1.2.3_git14"},
		{"v1.2.3-rc.1-14-gfae8ce8-dirty", "1.2.3~rc1+14.gfae8ce8+dirty", "1.2.3_rc1_git14"},
		{"fae8ce8", "0.0.0+git20261124.fae8ce8", "0.0.0_git20261124"},
		{"fae8ce8f0a1b-dirty", "0.0.0+git20261124.fae8ce8f0a1b+dirty", "0.0.0_git20261124"},
		{"devel", "0.0.0+git20261124.devel", "0.0.0_git20261124"},
	} {
		v, err := parseVersion(test.described, at)
		if err != nil {
			t.Error(err)
		} else if v.plain != test.plain || v.apk != test.apk {
			t.Errorf("%s: got %s and %s, want %s and %s", test.described, v.plain, v.apk, test.plain, test.apk)
		}
	}
	for _, described := range []string{"", "release", "v1.2", "v1.2.3-next"} {
		if v, err := parseVersion(described, at); err == nil {
			t.Errorf("%q was taken as %s", described, v.plain)
		}
	}
}
