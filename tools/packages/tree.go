package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A file is one file of a tree.
type file struct {
	name   string // within the tree, with slashes
	source string
	mode   fs.FileMode
}

// readTree returns the files in dir, sorted. What modes they have there depends
// on the umask, here it does not.
func readTree(dir string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no regular file", path)
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f := file{name: filepath.ToSlash(relative), source: path, mode: 0o644}
		if info.Mode()&0o100 != 0 {
			f.mode = 0o755
		}
		files = append(files, f)
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no files in %s", dir)
	}
	return files, err
}

// programs returns the files that are programs.
func (p platform) programs() []file {
	var programs []file
	for _, f := range p.tree {
		if strings.HasPrefix(f.name, "bin/") {
			programs = append(programs, f)
		}
	}
	return programs
}

// read returns the content of a file of the tree.
func (p platform) read(name string) ([]byte, error) {
	for _, f := range p.tree {
		if f.name == name {
			return os.ReadFile(f.source)
		}
	}
	return nil, fmt.Errorf("the tree has no %s", name)
}
