package config

import "os"

const (
	homeVariable   = "USERPROFILE"
	pathSeparators = `/\`
	noFollow       = 0
)

// narrow does nothing: a home directory is its owner's.
func narrow(*os.File, os.FileInfo) error { return nil }

func isOpen(os.FileInfo) bool { return false }

func makePrivate(_, _ *os.File) error { return nil }

func isOwn(info os.FileInfo, _ *os.File) bool { return info.Mode().IsRegular() }

// dangers is for systems where a file's mode says who can reach it.
func dangers(*os.File) []string { return nil }
