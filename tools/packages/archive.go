package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// archived returns the files of an archive: the tree, and another copy of the
// licences at the top, all in one directory.
func (p platform) archived() []file {
	var files []file
	for _, f := range p.tree {
		if strings.HasPrefix(f.name, "share/doc/") && strings.Contains(f.name, "LICENSE") {
			top := f
			top.name = path.Base(f.name)
			files = append(files, top)
		}
	}
	files = append(files, p.tree...)
	for i := range files {
		files[i].name = p.fullName() + "/" + files[i].name
	}
	return files
}

func (p platform) writeTar(dist string) error {
	return create(filepath.Join(dist, p.fullName()+".tar.gz"), func(w io.Writer) error {
		compressed := gzip.NewWriter(w)
		archive := tar.NewWriter(compressed)
		for _, f := range p.archived() {
			content, err := os.ReadFile(f.source)
			if err != nil {
				return err
			}
			if err := archive.WriteHeader(&tar.Header{
				Typeflag: tar.TypeReg,
				Name:     f.name,
				Size:     int64(len(content)),
				Mode:     int64(f.mode),
				ModTime:  p.time,
				Uname:    "root",
				Gname:    "root",
				Format:   tar.FormatPAX,
			}); err != nil {
				return err
			}
			if _, err := archive.Write(content); err != nil {
				return err
			}
		}
		return errors.Join(archive.Close(), compressed.Close())
	})
}

func (p platform) writeZip(dist string) error {
	return create(filepath.Join(dist, p.fullName()+".zip"), func(w io.Writer) error {
		archive := zip.NewWriter(w)
		for _, f := range p.archived() {
			content, err := os.ReadFile(f.source)
			if err != nil {
				return err
			}
			header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: p.time}
			header.SetMode(f.mode)
			member, err := archive.CreateHeader(header)
			if err != nil {
				return err
			}
			if _, err := member.Write(content); err != nil {
				return err
			}
		}
		return archive.Close()
	})
}

// compress compresses content with gzip, without a name or a time.
func compress(content []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// create writes a file through write.
func create(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
