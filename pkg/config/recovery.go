package config

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/cargo-auth/cargo-auth/internal/filelock"
	"github.com/cargo-auth/cargo-auth/internal/oserror"
)

// A write of one page is seen whole or not at all. A larger one may end between
// two pages with its process, and its pages reach the disk in any order. So a
// recovery copy of both documents is there while a larger file is replaced. The
// process or the machine may end after each step; [mend] is what follows:
//
//	                        the file holds                the copy is      mend
//	1. the copy is written  the old document              in part there    removes the copy
//	2. and synced           the old document              whole            removes the copy
//	3. the file is written  pages of old, new, line ends  whole            makes it new, as
//	                        and, on the disk, zeros                        steps 3 to 6 do
//	4. and synced           new, at most with line ends   whole            does the same
//	5. and cut              the new document              whole            removes the copy
//	6. the copy is removed  the new document              perhaps there    removes the copy
//
// A step that fails puts the old document back; where that fails too, the copy
// stays. What another program has written meanwhile is none of these: it stays,
// and the copy is removed.

const (
	// pageSize is what is written as a whole, blockSize what a disk writes so.
	pageSize  = 4096
	blockSize = 512
	// copyMark is how a recovery copy begins. The length of the old document and
	// a sum over both follow, and the documents.
	copyMark = "A change was cut short. The next cargo-login or cargo-logout finishes it, and removes this file.\n"
	copyHead = len(copyMark) + 16 + 16 + 1
)

// copyPaths returns where the recovery copy of the file at path may be: beside
// the file, or, where that cannot be, beside a symbolic link that leads to it.
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

// hasCopy reports whether there is a recovery copy of the file at path.
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
			// Not every system can be asked for its name to reach the disk.
			if dir, err := os.Open(filepath.Dir(path)); err == nil {
				_ = sync(dir)
				dir.Close()
			}
			return path, nil
		}
		os.Remove(path)
	}
	return "", errors.New("no recovery copy of it can be written: " + oserror.New(err).Error())
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

// documentsOf returns what is in a recovery copy; nothing if it is broken.
func documentsOf(content []byte) (before, after []byte) {
	if len(content) < copyHead {
		return nil, nil
	}
	documents := content[copyHead:]
	length, err := strconv.ParseUint(string(content[len(copyMark):][:16]), 16, 64)
	if err != nil || length > uint64(len(documents)) || !bytes.Equal(copyOf(documents[:length], documents[length:]), content) {
		return nil, nil
	}
	return documents[:length], documents[length:]
}

// mend finishes a change of f that has been cut short, if there is one. Its lock
// must be held.
func mend(f *os.File) error {
	for _, path := range copyPaths(f.Name()) {
		recovery, err := filelock.Open(context.Background(), path, os.O_RDONLY, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		isOurs := isPrivate(recovery, f)
		content, err := filelock.ReadAll(recovery, 3*filelock.MaxSize)
		recovery.Close()
		if !isOurs {
			continue
		}
		info, statErr := f.Stat()
		if err = cmp.Or(err, statErr); err != nil {
			return err
		}
		now := make([]byte, min(info.Size(), 3*filelock.MaxSize))
		if _, err := f.ReadAt(now, 0); err != nil {
			return err
		}
		if before, after := documentsOf(content); isMixture(now, before, after) {
			end, _ := filelock.Lease(f)
			err := finish(f, before, after)
			end()
			if err != nil {
				return err
			}
		}
		os.Remove(path)
	}
	return nil
}

// isMixture reports whether a file that has been replaced in part holds now.
func isMixture(now, before, after []byte) bool {
	n := len(now)
	if n < len(before) || n > max(len(before), len(after)) || bytes.Equal(now, before) || bytes.Equal(now, after) {
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
	return true
}
