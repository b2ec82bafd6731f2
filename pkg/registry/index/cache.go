package index

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"syscall"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// configName is the name of the file in which an index describes its registry.
const configName = "config.json"

// cacheName returns the name of the directory in which Cargo caches the index
// of r: its host, and a hash of what tells it from others.
func cacheName(r registry.Registry) string {
	data := []byte{3}
	if r.Kind == registry.Git {
		data[0] = 2
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

// writeCache keeps the configuration of a sparse index as it was received. A
// cache that cannot be written is no error: the next login asks again.
//
// What a registry says only to who has a token, and no Cargo reads, is for no
// other user.
func (c *Client) writeCache(t registry.Target, data []byte) {
	dir := c.cacheDir(t.Source)
	file := filepath.Join(dir, configName)
	_ = os.MkdirAll(dir, 0o777)
	mode := os.FileMode(0o666)
	if c.visit(t).needsToken && holdsMore(data) {
		mode = 0o600
		// A file that is there would keep its mode.
		_ = os.Remove(file)
	}
	// It may be a pipe that waits for a reader.
	f, err := system.Open(context.Background(), file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err == nil {
		_, _ = f.Write(data)
		_ = f.Close()
	}
}

// lockCache takes Cargo's lock of its caches and waits for whoever holds it.
// In a home that cannot be written there is nothing to protect.
func (c *Client) lockCache(ctx context.Context) (unlock func(), err error) {
	path := filepath.Join(c.Config.Home, ".package-cache")
	open := func() (*os.File, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666) }
	f, err := open()
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(c.Config.Home, 0o777); err == nil {
			f, err = open()
		}
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed to open: %s: %w", path, system.Error(err))
	}
	err = system.Exclusive(ctx, f, func() {
		c.status("Blocking", "waiting for file lock on package cache")
	})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("failed to lock file: %s: %w", path, system.Error(err))
	}
	return func() { f.Close() }, nil
}

// sipHash is SipHash-1-3 with a 128-bit result and zero keys, which Rust's
// compiler and Cargo use for hashes that stay the same from one version to the
// next.
func sipHash(data []byte) (a, b uint64) {
	v := sipState{0x736f6d6570736575, 0x646f72616e646f6d ^ 0xee, 0x6c7967656e657261, 0x7465646279746573}
	length := len(data)
	for len(data) >= 8 {
		v.absorb(binary.LittleEndian.Uint64(data))
		data = data[8:]
	}
	var last [8]byte
	copy(last[:], data)
	last[7] = byte(length)
	v.absorb(binary.LittleEndian.Uint64(last[:]))
	v[2] ^= 0xee
	for range 3 {
		v.round()
	}
	a = v[0] ^ v[1] ^ v[2] ^ v[3]
	v[1] ^= 0xdd
	for range 3 {
		v.round()
	}
	return a, v[0] ^ v[1] ^ v[2] ^ v[3]
}

type sipState [4]uint64

func (v *sipState) absorb(word uint64) {
	v[3] ^= word
	v.round()
	v[0] ^= word
}

func (v *sipState) round() {
	v[0] += v[1]
	v[2] += v[3]
	v[1] = bits.RotateLeft64(v[1], 13) ^ v[0]
	v[3] = bits.RotateLeft64(v[3], 16) ^ v[2]
	v[0] = bits.RotateLeft64(v[0], 32)
	v[2] += v[1]
	v[0] += v[3]
	v[1] = bits.RotateLeft64(v[1], 17) ^ v[2]
	v[3] = bits.RotateLeft64(v[3], 21) ^ v[0]
	v[2] = bits.RotateLeft64(v[2], 32)
}
