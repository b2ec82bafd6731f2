package config

import "os"

const (
	homeVariable   = "USERPROFILE"
	pathSeparators = `/\`
)

const nonblocking = 0

// narrow does nothing: a home directory is its owner's, and Cargo does nothing
// either.
func narrow(*os.File, os.FileInfo) error { return nil }

func sync(f *os.File) error { return f.Sync() }

// dangers is for systems where a file's mode says who can reach it.
func dangers(*os.File) []string { return nil }

// reserve does nothing: that the file grows before its content is replaced
// reserves the space.
func reserve(*os.File, int64) (sure bool, err error) { return false, nil }
