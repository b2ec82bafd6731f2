package config

import "os"

const (
	homeVariable   = "USERPROFILE"
	pathSeparators = `/\`
	noFollow       = 0
)

// narrow does nothing, because a home directory belongs to its user.
func narrow(*os.File, os.FileInfo) error { return nil }

func isOpen(os.FileInfo) bool { return false }

func makePrivate(_, _ *os.File) error { return nil }

func isOwn(info os.FileInfo, _ *os.File) bool { return info.Mode().IsRegular() }

// dangers is for systems where the mode of a file says who can reach it.
func dangers(*os.File) []string { return nil }
