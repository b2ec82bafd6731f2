package index

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// configName is the name of the file in which an index describes its registry.
const configName = "config.json"

// The bytes that stand for the two kinds of index in Cargo's hash of a source.
const (
	gitHashByte    = 2
	sparseHashByte = 3
)

// cacheName returns the name of the directory in which Cargo caches the index
// of r: its host, and a hash of what tells it from others.
func cacheName(r registry.Registry) string {
	data := []byte{sparseHashByte}
	if r.Kind == registry.Git {
		data[0] = gitHashByte
	}
	data = append(data, r.Canonical()...)
	a, b := sipHash(append(data, 0xff))
	var hash [8]byte
	binary.LittleEndian.PutUint64(hash[:], a*3+b)
	return r.Host() + "-" + hex.EncodeToString(hash[:])
}

// cacheDir returns the directory in which Cargo caches the index of r.
func (c *Client) cacheDir(r registry.Registry) string {
	return filepath.Join(c.Config.Home, "registry", "index", cacheName(r))
}

// readCache returns the cached configuration of a sparse index; nil if there
// is none, or if it is damaged: then it is fetched again.
func (c *Client) readCache(r registry.Registry) *Config {
	data, err := os.ReadFile(filepath.Join(c.cacheDir(r), configName))
	if err != nil {
		return nil
	}
	config, err := parseConfig(data)
	if err != nil {
		return nil
	}
	return config
}

// writeCache keeps the configuration of a sparse index as it was received. A
// cache that cannot be written is no error: the next login asks again.
func (c *Client) writeCache(r registry.Registry, data []byte) {
	dir := c.cacheDir(r)
	if os.MkdirAll(dir, 0o777) != nil {
		return
	}
	_ = os.WriteFile(filepath.Join(dir, configName), data, 0o666)
}

// cacheTag marks a directory as one that backups may leave out.
const cacheTag = `Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by cargo.
# For information about cache directory tags see https://bford.info/cachedir/
`

// makeCacheRoot makes the directory that holds all of Cargo's registry caches.
// Failures show when something is to be put there.
func (c *Client) makeCacheRoot() {
	root := filepath.Join(c.Config.Home, "registry")
	if os.MkdirAll(root, 0o777) != nil {
		return
	}
	f, err := os.OpenFile(filepath.Join(root, "CACHEDIR.TAG"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return
	}
	_, _ = f.WriteString(cacheTag)
	_ = f.Close()
}
