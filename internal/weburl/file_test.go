package weburl

import (
	"path/filepath"
	"runtime"
	"testing"
)

func TestAFileURLIsRelativeToADirectory(t *testing.T) {
	dir, want := "/some/d%r", "file:///some/d%25r/index"
	if runtime.GOOS == "windows" {
		dir, want = `C:\some\d%r`, "file:///C:/some/d%25r/index"
	}
	u, err := ParseInDir("file:index", filepath.FromSlash(dir))
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Href(false); got != want {
		t.Errorf("file:index in %s is %s, want %s", dir, got, want)
	}
}
