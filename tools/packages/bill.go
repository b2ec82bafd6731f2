package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// A bill lists everything that the programs for one platform are linked from.
type bill struct {
	version      string
	modules      map[string]cyclonedx.Component // by reference
	programs     []cyclonedx.Component
	dependencies []cyclonedx.Dependency
}

// writeBill writes the bill of materials, read from the programs themselves.
func (p platform) writeBill(dist string) error {
	b := bill{version: p.version.plain, modules: map[string]cyclonedx.Component{}}
	for _, f := range p.programs() {
		if err := b.addProgram(f); err != nil {
			return err
		}
	}
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: p.time.Format(time.RFC3339),
		Component: &cyclonedx.Component{
			BOMRef:     name,
			Type:       cyclonedx.ComponentTypeApplication,
			Name:       name,
			Version:    b.version,
			Licenses:   &cyclonedx.Licenses{{Expression: license}},
			Components: &b.programs,
		},
		Properties: &[]cyclonedx.Property{
			{Name: name + ":GOOS", Value: p.system},
			{Name: name + ":GOARCH", Value: p.machine},
		},
	}
	var references []string
	for _, program := range b.programs {
		references = append(references, program.BOMRef)
	}
	b.dependencies = append(b.dependencies, cyclonedx.Dependency{Ref: name, Dependencies: &references})
	bom.Dependencies = &b.dependencies
	components := make([]cyclonedx.Component, 0, len(b.modules))
	for _, m := range b.modules {
		components = append(components, m)
	}
	slices.SortFunc(components, func(a, b cyclonedx.Component) int { return cmp.Compare(a.BOMRef, b.BOMRef) })
	bom.Components = &components
	return create(filepath.Join(dist, p.fullName()+".cdx.json"), func(w io.Writer) error {
		return cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cyclonedx.SpecVersion1_6)
	})
}

// addProgram adds a program and the modules it is linked from.
func (b *bill) addProgram(f file) error {
	content, err := os.ReadFile(f.source)
	if err != nil {
		return err
	}
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("reading what %s is linked from: %w", f.source, err)
	}
	sum := sha256.Sum256(content)
	program := cyclonedx.Component{
		BOMRef:  name + "/" + path.Base(f.name),
		Type:    cyclonedx.ComponentTypeApplication,
		Name:    path.Base(f.name),
		Version: b.version,
		Hashes:  &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
	}
	b.programs = append(b.programs, program)

	standard := &debug.Module{Path: "stdlib", Version: strings.TrimPrefix(info.GoVersion, "go")}
	var references []string
	for _, m := range append(info.Deps, standard) {
		reference, err := b.addModule(m)
		if err != nil {
			return err
		}
		references = append(references, reference)
	}
	b.dependencies = append(b.dependencies, cyclonedx.Dependency{Ref: program.BOMRef, Dependencies: &references})
	return nil
}

// addModule adds a module, unless the bill has it, and returns its reference. As
// in other bills of Go programs, the hash is the one in go.sum.
func (b *bill) addModule(m *debug.Module) (string, error) {
	version := m.Version
	if version == "(devel)" { // our own library
		version = b.version
	}
	reference := "pkg:golang/" + m.Path + "@" + strings.ReplaceAll(version, "+", "%2B")
	component := cyclonedx.Component{
		BOMRef:     reference,
		Type:       cyclonedx.ComponentTypeLibrary,
		Name:       m.Path,
		Version:    version,
		PackageURL: reference,
	}
	if sum, ok := strings.CutPrefix(m.Sum, "h1:"); ok {
		raw, err := base64.StdEncoding.DecodeString(sum)
		if err != nil {
			return "", fmt.Errorf("the checksum of %s: %w", m.Path, err)
		}
		component.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(raw)}}
	}
	b.modules[reference] = component
	return reference, nil
}
