package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/internal/oserror"
	"github.com/cargo-auth/cargo-auth/pkg/internal/subprocess"
)

// gitRef is where Cargo keeps what an index's HEAD was when it was fetched.
const gitRef = "refs/remotes/origin/HEAD"

var (
	// errDamaged says that a repository has no index yet, or is broken.
	errDamaged = errors.New("there is nothing that git can read")
	// errNoGit says that the machine has no git, or none that can be run.
	errNoGit = errors.New("the registry's index is a git repository, and no `git` is on PATH to read it;\n" +
		"install git, or configure the registry's sparse index, if it has one: its URL begins with `sparse+`")
)

// gitRepository is the repository in which an index is cached.
type gitRepository struct {
	dir    string
	env    []string
	stderr io.Writer
}

// renew makes the repository anew, as Cargo does: by itself, so that it is the
// same whatever the user's settings for new repositories are, and with a work
// tree, since very old versions of Cargo make use of one.
func (r *gitRepository) renew() error {
	parent := filepath.Dir(r.dir)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return fmt.Errorf("failed to create directory `%s`: %w", parent, oserror.New(err))
	}
	err := os.RemoveAll(r.dir)
	for _, dir := range []string{"objects/info", "objects/pack", "refs/heads", "refs/tags", "info"} {
		err = errors.Join(err, os.MkdirAll(filepath.Join(r.dir, filepath.FromSlash(dir)), 0o777))
	}
	const settings = "[core]\n\tbare = false\n\trepositoryformatversion = 0\n\tfilemode = true\n\tlogallrefupdates = true\n"
	err = errors.Join(err, os.WriteFile(filepath.Join(r.dir, "config"), []byte(settings), 0o666))
	if err == nil {
		// This makes it a repository.
		err = os.WriteFile(filepath.Join(r.dir, "HEAD"), []byte("ref: refs/heads/master\n"), 0o666)
	}
	if err != nil {
		return fmt.Errorf("failed to initialize index git repository: %w", oserror.New(err))
	}
	return nil
}

// read returns the content of a file in the root of the index.
func (r *gitRepository) read(ctx context.Context, name string) ([]byte, error) {
	entry, err := r.output(ctx, "ls-tree", "--full-tree", gitRef, "--", name)
	if err != nil {
		return nil, err
	}
	// A mode, a type and the object's name, and after a tab the file's.
	words := strings.Fields(string(entry))
	switch {
	case len(words) < 3:
		return nil, notFoundError(configName)
	case words[1] != "blob":
		return nil, fmt.Errorf("path `%s` is not a blob in the git repo", name)
	}
	return r.output(ctx, "cat-file", "blob", words[2])
}

// output runs a git that reads the repository, and returns what it prints. If
// git fails, that is [errDamaged].
func (r *gitRepository) output(ctx context.Context, args ...string) ([]byte, error) {
	program := r.program(args...)
	// What is wrong with a cache is not for the user: it is fetched again.
	program.Stderr = nil
	output, state, err := outputOf(ctx, program)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNoGit
	case err != nil:
		return nil, err
	case !state.Success():
		return nil, errDamaged
	}
	return output, nil
}

// outputOf runs a program and returns what it prints.
func outputOf(ctx context.Context, program subprocess.Program) ([]byte, *os.ProcessState, error) {
	child, err := program.Start(ctx, false)
	if err != nil {
		return nil, nil, err
	}
	output, err := io.ReadAll(io.LimitReader(child.Stdout, longestBody+1))
	if err == nil && len(output) > longestBody {
		err = fmt.Errorf("more than %d bytes from `git`", longestBody)
	}
	if err != nil {
		return nil, nil, child.Abandon(oserror.New(err))
	}
	state, err := child.Wait()
	return output, state, err
}

// program is a git for this repository.
func (r *gitRepository) program(args ...string) subprocess.Program {
	env := append(slices.Clone(r.env), "GIT_DIR="+r.dir)
	return subprocess.Program{Path: "git", Args: args, Dir: r.dir, Env: env, Stderr: r.stderr}
}

// gitLocal are the variables that say in which repository, and in what part of
// it, a git works. Whoever runs a login from a hook has them set.
var gitLocal = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
	"GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH",
	"GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
}

// gitEnvironment returns the caller's environment without what is about the
// caller's repository.
func gitEnvironment(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(gitLocal, name)
	})
}
