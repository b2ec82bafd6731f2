//go:build unix

package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

const (
	homeVariable   = "HOME"
	pathSeparators = "/"
)

// narrow takes everybody's access but the owner's.
func narrow(f *os.File, info os.FileInfo) error {
	if info.Mode()&(os.ModePerm|os.ModeSetuid|os.ModeSetgid|os.ModeSticky) == ownerOnly {
		return nil
	}
	return f.Chmod(ownerOnly)
}

// makePrivate keeps others from a recovery copy of f, whatever the umask says, and
// lets the owner of f finish what an administrator has begun.
func makePrivate(recovery, f *os.File) error {
	if owner := ownerOf(f); owner != os.Geteuid() {
		_ = recovery.Chown(owner, -1)
	}
	return recovery.Chmod(ownerOnly)
}

// isPrivate reports whether no one else can have written a recovery copy of f.
func isPrivate(recovery, f *os.File) bool {
	info, err := recovery.Stat()
	return err == nil && info.Mode()&^0o700 == 0 && slices.Contains([]int{0, os.Geteuid(), ownerOf(f)}, ownerOf(recovery))
}

func ownerOf(f *os.File) int {
	if info, err := f.Stat(); err == nil {
		return int(info.Sys().(*syscall.Stat_t).Uid)
	}
	return -1
}

// dangers returns what lets others read or replace the file, whatever its mode
// is. A directory that a group can write to is none: many systems give each user
// a group of their own.
func dangers(f *os.File) (dangers []string) {
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		dangers = append(dangers, fmt.Sprintf("`%s` belongs to another user (uid %d), who can read the tokens in it", f.Name(), stat.Uid))
	}
	dirs := []string{filepath.Dir(f.Name())}
	if path, err := filepath.EvalSymlinks(f.Name()); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, dir := range slices.Compact(dirs) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o002 != 0 && info.Mode()&os.ModeSticky == 0 {
			dangers = append(dangers, fmt.Sprintf("every user of this machine can replace `%s`: its directory `%s` can be written to by all (mode %04o)",
				f.Name(), dir, info.Mode().Perm()))
		}
	}
	return dangers
}
