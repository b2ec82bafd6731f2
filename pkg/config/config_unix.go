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
	noFollow       = syscall.O_NOFOLLOW
)

// narrow leaves access to the owner alone.
func narrow(f *os.File, info os.FileInfo) error {
	if info.Mode()&(os.ModePerm|os.ModeSetuid|os.ModeSetgid|os.ModeSticky) == ownerOnly {
		return nil
	}
	return f.Chmod(ownerOnly)
}

// isOpen reports whether others than the owner can read a file.
func isOpen(info os.FileInfo) bool { return info.Mode()&0o044 != 0 }

// makePrivate makes a recovery copy of f readable for its owner alone, whatever the
// umask is. The owner of f becomes its owner, and can finish what root has begun.
func makePrivate(recovery, f *os.File) error {
	if owner := ownerOf(f); owner != os.Geteuid() {
		_ = recovery.Chown(owner, -1)
	}
	return recovery.Chmod(ownerOnly)
}

// isOwn reports whether a recovery copy of f can only have been written by this user,
// the owner of f or root.
func isOwn(info os.FileInfo, f *os.File) bool {
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	return info.Mode().IsRegular() && info.Mode()&0o022 == 0 && slices.Contains([]int{0, os.Geteuid(), ownerOf(f)}, owner)
}

func ownerOf(f *os.File) int {
	if info, err := f.Stat(); err == nil {
		return int(info.Sys().(*syscall.Stat_t).Uid)
	}
	return -1
}

// dangers says what lets others read or replace a file, apart from its mode. A
// directory that a group can write to does not count, because many systems give each
// user a group of their own.
func dangers(f *os.File) (dangers []string) {
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	add := func(format string, args ...any) { dangers = append(dangers, fmt.Sprintf(format, args...)) }
	owner := ownerOf(f)
	if owner != os.Geteuid() {
		add("`%s` belongs to another user (uid %d), who can read the tokens in it", f.Name(), owner)
	}
	if links := info.Sys().(*syscall.Stat_t).Nlink; links > 1 {
		add("`%s` has %d names (hard links): the tokens in it are under each of them", f.Name(), links)
	}
	var seen []string
	for _, path := range namesOf(f.Name()) {
		for dir := filepath.Dir(path); !slices.Contains(seen, dir); dir = filepath.Dir(dir) {
			seen = append(seen, dir)
			info, err := os.Stat(dir)
			if err != nil {
				continue
			}
			user := int(info.Sys().(*syscall.Stat_t).Uid)
			switch all := info.Mode().Perm()&0o002 != 0; {
			case all && info.Mode()&os.ModeSticky == 0:
				add("every user of this machine can replace `%s`: its directory `%s` can be written to by all (mode %04o)",
					f.Name(), dir, info.Mode().Perm())
			case all && dir == filepath.Dir(f.Name()):
				// A file with the old name there would get the next token.
				add("every user of this machine can put a file in the place of `%s`: its directory `%s` can be written to by all (mode 1%03o)",
					f.Name(), dir, info.Mode().Perm())
			case !slices.Contains([]int{0, os.Geteuid(), owner}, user):
				add("another user (uid %d) can replace `%s`: its directory `%s` is theirs", user, f.Name(), dir)
			}
		}
	}
	return dangers
}

// namesOf returns the path of a file, of each symbolic link on the way to it, and of
// the file itself.
func namesOf(path string) []string {
	names := []string{path}
	for len(names) < 40 {
		target, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
		names = append(names, path)
	}
	if path, err := filepath.EvalSymlinks(path); err == nil {
		names = append(names, path)
	}
	return names
}
