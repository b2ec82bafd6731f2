//go:build unix && !linux

package config

import "os"

func syncData(f *os.File) error { return f.Sync() }
