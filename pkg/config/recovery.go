package config

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/cargo-auth/cargo-auth/internal/system"
)

// This chapter keeps a file of more than one page whole.
//
// A reader sees a write of one page whole or not at all. A larger write may stop
// between two pages when its process is killed, and its pages reach the disk in any
// order. So a recovery copy of both documents exists while a larger file is replaced.
// The process or the machine may end after each step, and [mend] follows:
//
//	                        the file holds                the copy is      mend
//	1. the copy is written  the old document              in part there    removes the copy
//	2. and synced           the old document              whole            removes the copy
//	3. the file is longer   old, then line ends and, on   whole            makes it new, as
//	                        the disk, zeros                                steps 4 to 7 do
//	4. and written          pages of old, new, line ends  whole            does the same
//	                        and, on the disk, zeros
//	5. and synced           new, at most with line ends   whole            does the same
//	6. and cut              the new document              whole            removes the copy
//	7. the copy is removed  the new document              perhaps there    removes the copy
//
// Only a file that grows has step 3, and only one that shrinks has step 6. If the new
// document only adds to the old one, step 4 writes the addition alone.
//
// A step that fails puts the old document back. If that fails too, the copy stays. If
// the file holds anything else, another program has written it: the content stays, and
// the copy is removed. The copy is kept only if the content is no TOML document,
// because it may then have the only whole one.

const (
	// The system writes a page as a whole, a disk a block.
	pageSize  = 4096
	blockSize = 512
	// A recovery copy begins with copyMark, the length of the old document, and a
	// checksum. The two documents follow.
	copyMark = "A change was cut short. The next cargo-login or cargo-logout finishes it, and removes this file.\n"
	copyHead = len(copyMark) + 16 + 16 + 1
)

// copyPaths returns the possible paths of a recovery copy: next to the file, or, if it
// cannot be written there, next to the symbolic link that leads to the file.
func copyPaths(path string) (paths []string) {
	file, err := filepath.EvalSymlinks(path)
	if err != nil {
		file = path
	}
	for _, path := range []string{file, path} {
		paths = append(paths, filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".recovery"))
	}
	return paths
}

// hasCopy reports whether the file at path may have a recovery copy.
func hasCopy(path string) bool {
	return slices.ContainsFunc(copyPaths(path), func(path string) bool {
		_, err := os.Lstat(path)
		return err == nil
	})
}

// keepCopy writes the recovery copy of a change of f, and returns its path.
func keepCopy(f *os.File, before, after []byte) (path string, err error) {
	content := copyOf(before, after)
	defer clear(content)
	for _, path = range copyPaths(f.Name()) {
		var file *os.File
		if file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, ownerOnly); err != nil {
			continue
		}
		_, err = file.Write(content)
		if err = cmp.Or(err, makePrivate(file, f), sync(file), file.Close()); err == nil {
			// The name must reach the disk too. Some systems cannot sync it.
			if dir, err := os.Open(filepath.Dir(path)); err == nil {
				_ = sync(dir)
				dir.Close()
			}
			return path, nil
		}
		os.Remove(path)
	}
	return "", fmt.Errorf("no recovery copy of it can be written to `%s`: %v", path, system.Error(err))
}

func copyOf(before, after []byte) []byte {
	content := slices.Concat(make([]byte, copyHead), before, after)
	// FNV-1a: package hash/fnv makes the programs larger.
	sum := uint64(14695981039346656037)
	for _, b := range content {
		sum = (sum ^ uint64(b)) * 1099511628211
	}
	copy(content, fmt.Sprintf("%s%016x%016x\n", copyMark, len(before), sum))
	return content
}

// documentsOf returns the documents in a recovery copy, and whether it is whole.
func documentsOf(content []byte) (before, after []byte, whole bool) {
	if len(content) < copyHead {
		return nil, nil, false
	}
	documents := content[copyHead:]
	length, err := strconv.ParseUint(string(content[len(copyMark):][:16]), 16, 64)
	if err != nil || length > uint64(len(documents)) || !bytes.Equal(copyOf(documents[:length], documents[length:]), content) {
		return nil, nil, false
	}
	return documents[:length], documents[length:], true
}

// mend finishes a change of f that was cut short, if it has a recovery copy. The
// caller has the lock.
func mend(f *os.File) error {
	for _, path := range copyPaths(f.Name()) {
		content, isOurs, err := readCopy(path, f)
		if err == nil && isOurs {
			err = mendFrom(f, path, content)
		}
		if err != nil {
			return fmt.Errorf("the change in `%s` cannot be finished: %v", path, system.Error(err))
		}
	}
	return nil
}

// readCopy reads a recovery copy of f. It does not open what another user may have put
// there.
func readCopy(path string, f *os.File) (content []byte, isOurs bool, err error) {
	info, err := os.Lstat(path)
	if err != nil || !isOwn(info, f) {
		return nil, false, nil
	}
	recovery, err := system.Open(context.Background(), path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil, false, err
	}
	defer recovery.Close()
	if info, err = recovery.Stat(); err != nil || !isOwn(info, f) {
		return nil, false, err
	}
	content, err = system.ReadAll(recovery, 3*system.MaxSize)
	return content, true, err
}

// mendFrom is mend with the content of the recovery copy at path.
func mendFrom(f *os.File, path string, content []byte) error {
	end, _ := system.Lease(f)
	defer end()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	now := make([]byte, min(info.Size(), 3*system.MaxSize))
	if _, err := f.ReadAt(now, 0); err != nil {
		return err
	}
	before, after, whole := documentsOf(content)
	_, syntaxErr := parseTOML(now, &Definition{})
	switch {
	case whole && isMixture(now, before, after):
		if err := finish(f, before, after); err != nil {
			return err
		}
	case whole && syntaxErr != nil:
		return nil
	}
	os.Remove(path)
	return nil
}

// isMixture reports whether now is what a change leaves that was cut short. Such a
// file has the length of one of the documents, or ends with a page or within a line.
// Another program may well remove whole lines at the end of a document.
func isMixture(now, before, after []byte) bool {
	n, size := len(now), max(len(before), len(after))
	if n < min(len(before), len(after)) || n > size || bytes.Equal(now, before) || bytes.Equal(now, after) {
		return false
	}
	zeros := make([]byte, n)
	states := [][]byte{slices.Concat(before, zeros)[:n], padded(before, n), padded(after, n), zeros}
	for at := 0; at < n; at += blockSize {
		end := min(at+blockSize, n)
		if !slices.ContainsFunc(states, func(state []byte) bool { return bytes.Equal(state[at:end], now[at:end]) }) {
			return false
		}
	}
	return n == len(before) || n == size || n%pageSize == 0 || hasTornLine(now, before, after)
}

// hasTornLine reports whether now has a line that is in neither document.
func hasTornLine(now, before, after []byte) bool {
	lines := map[string]bool{"": true}
	for line := range bytes.SplitSeq(slices.Concat(before, []byte("\n"), after), []byte("\n")) {
		lines[string(line)] = true
	}
	for line := range bytes.SplitSeq(now, []byte("\n")) {
		if !lines[string(line)] {
			return true
		}
	}
	return false
}
