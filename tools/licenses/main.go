// Licenses collects the licences of everything the programs are linked from, Go's
// standard library and the modules, in one file:
//
//	licenses [-system GOOS] [-machine GOARCH] FILE PACKAGE…
//
// Which modules these are depends on the system. It reads them from the module
// cache, and uses the network only for modules that are not there.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

func main() {
	system := flag.String("system", runtime.GOOS, "the `GOOS` that the programs are for")
	machine := flag.String("machine", runtime.GOARCH, "the `GOARCH` that the programs are for")
	flag.Parse()
	if flag.NArg() < 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*system, *machine, flag.Arg(0), flag.Args()[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
}

func run(system, machine, file string, packages []string) error {
	env := append(os.Environ(), "GOOS="+system, "GOARCH="+machine, "CGO_ENABLED=0")
	modules, err := linked(env, packages)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	fmt.Fprintln(&text, "The programs are linked from Go's standard library and the Go modules below,\nunder these licences.")
	goName, goFiles, err := goLicenses(env, modules)
	if err != nil {
		return err
	}
	if err := write(&text, goName, goFiles); err != nil {
		return err
	}
	for _, m := range slices.SortedFunc(maps.Values(modules), func(a, b *module) int { return cmp.Compare(a.Path, b.Path) }) {
		files := slices.Sorted(maps.Keys(m.files))
		if len(files) == 0 {
			return fmt.Errorf("found no licence of %s in %s", m.Path, m.Dir)
		}
		if err := write(&text, m.Path+" "+m.Version, files); err != nil {
			return err
		}
	}
	return os.WriteFile(file, text.Bytes(), 0o644)
}

// A module is what `go list` says about one, and the licence files that apply to
// the packages that are linked.
type module struct {
	Path, Version, Dir string
	Main               bool
	files              map[string]bool
}

// linked returns the modules that packages are linked from, other than our own.
func linked(env, packages []string) (map[string]*module, error) {
	list := exec.Command("go", append([]string{"list", "-deps", "-json=Dir,Module"}, packages...)...)
	list.Env, list.Stderr = env, os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("listing what the programs are linked from: %w", err)
	}
	modules := map[string]*module{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			Dir    string
			Module *module
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			return modules, nil
		} else if err != nil {
			return nil, err
		}
		if pkg.Module == nil || pkg.Module.Main {
			continue
		}
		m := modules[pkg.Module.Path]
		if m == nil {
			m = pkg.Module
			m.files = map[string]bool{}
			modules[m.Path] = m
		}
		// A part of a module may have another origin, and its own licence.
		for dir := pkg.Dir; strings.HasPrefix(dir, m.Dir); dir = filepath.Dir(dir) {
			files, err := licenseFiles(dir)
			if err != nil {
				return nil, err
			}
			for _, f := range files {
				m.files[f] = true
			}
		}
	}
}

// goLicenses returns Go's name with its version, and its licence files. Some
// distributions do not keep these in GOROOT. Then those of golang.org/x/sys are
// used: every program is linked from it, and it has the same licence.
func goLicenses(env []string, modules map[string]*module) (name string, files []string, err error) {
	ask := exec.Command("go", "env", "GOVERSION", "GOROOT")
	ask.Env, ask.Stderr = env, os.Stderr
	out, err := ask.Output()
	if err != nil {
		return "", nil, fmt.Errorf("asking Go where it is: %w", err)
	}
	version, root, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	files, err = licenseFiles(root)
	if sys := modules["golang.org/x/sys"]; err == nil && len(files) == 0 && sys != nil {
		files, err = licenseFiles(sys.Dir)
	}
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("found no licence of Go in %s", root)
	}
	return "Go's standard library " + version, files, err
}

var licenseName = regexp.MustCompile(`(?i)^(licen[sc]e|copying|copyright|notice|patents)([-._].*)?$`)

func licenseFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if e.Type().IsRegular() && licenseName.MatchString(e.Name()) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}

// write adds the texts of files under a heading.
func write(text *bytes.Buffer, heading string, files []string) error {
	fmt.Fprintf(text, "\n%s\n%s\n", heading, strings.Repeat("=", len(heading)))
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		fmt.Fprintf(text, "\n%s\n", bytes.TrimRight(content, "\n"))
	}
	return nil
}
