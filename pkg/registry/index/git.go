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
	"strconv"
	"strings"
	"time"

	"github.com/cargo-auth/cargo-auth/internal/subprocess"
	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/registry"
)

// loadGit returns the configuration in the cached git index; if it is not there
// or cannot be read, that in the index as it is after a fetch.
func (c *Client) loadGit(ctx context.Context, t registry.Target) (*Config, error) {
	repository := gitRepository{
		dir:    filepath.Join(c.cacheDir(t.Source), ".git"),
		env:    gitEnvironment(c.Config.Environ),
		stderr: c.Stderr,
	}
	if info, err := os.Stat(repository.dir); err != nil || !info.IsDir() {
		if err := repository.renew(); err != nil {
			return nil, err
		}
	}
	data, err := repository.read(ctx, configName)
	switch {
	case err == nil:
		return parseConfig(data)
	case ctx.Err() != nil, errors.Is(err, errNoGit):
		return nil, err
	case c.offline():
		return nil, notFoundError(configName)
	case errors.Is(err, errDamaged):
		if err := repository.renew(); err != nil {
			return nil, err
		}
	}
	// What is wrong with [http] is found before anything is announced, even if
	// only git makes requests.
	http, err := c.settings()
	if err != nil {
		return nil, err
	}
	c.status("Updating", t.Source.IndexName())
	if err := c.fetchGit(ctx, t.Source.Index, &repository, http); err != nil {
		return nil, fmt.Errorf("failed to fetch `%s`: %w", t.Source.Index, err)
	}
	data, err = repository.read(ctx, configName)
	if errors.Is(err, errDamaged) {
		return nil, fmt.Errorf("failed to read what git has fetched: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return parseConfig(data)
}

// fetchGit runs git until it has fetched what the index's HEAD is.
//
// With `net.git-fetch-with-cli` the command is Cargo's. Else Cargo has a git of
// its own, which says nothing and knows Cargo's [http]: so does this one then.
// It does not fetch the history, except from a `file:` URL: from there Cargo's
// could not update a repository without one.
func (c *Client) fetchGit(ctx context.Context, url string, r *gitRepository, http httpTable) error {
	net, err := c.net()
	if err != nil {
		return err
	}
	withCLI := net.GitFetchWithCLI != nil && *net.GitFetchWithCLI
	args := []string{"-c", "core.fsmonitor=false", "fetch", "--no-tags"}
	switch {
	case withCLI && c.Verbose:
		args = append(args, "--verbose")
	case c.Quiet || !withCLI:
		args = append(args, "--quiet")
	}
	if !withCLI && !strings.HasPrefix(url, "file:") {
		args = append(args, "--depth=1")
	}
	program := r.program(append(args, "--force", "--update-head-ok", url, "+HEAD:"+gitRef)...)
	help := ""
	if withCLI {
		help = gitHelp
		c.Config.Notify(config.Message{Kind: config.VerboseStatus, Verb: "Running", Text: "`" + commandLine(program) + "`"})
	} else {
		if http.CAInfo != nil {
			// git would wait for the other end of a pipe.
			path := c.Config.ResolvePath(http.CAInfo.Val, http.CAInfo.Definition)
			if _, err := system.ReadFile(path); errors.As(err, new(system.Refused)) {
				return authoritiesError(path, err)
			}
		}
		program.Env = append(program.Env, c.gitHTTP(http)...)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longestFetch, fmt.Errorf("git did not end within %v", longestFetch))
	defer cancel()
	return c.retry(ctx, func() error { return runGit(ctx, program, help) })
}

// longestWords is how much of what git says is kept: the end, which says why.
const longestWords = 16 << 10

// words is the end of what a program says.
type words []byte

func (w *words) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	*w = (*w)[max(0, len(*w)-longestWords):]
	return len(p), nil
}

// longestFetch bounds a fetch with all its tries. git itself would wait without
// end for a server that says nothing over ssh.
const longestFetch = time.Hour

// gitHelp follows what is wrong with a git that runs because it is configured.
const gitHelp = "\n\nhelp: re-try with `net.git-fetch-with-cli = false` to see if it resolves the problem\n" +
	"https://doc.rust-lang.org/cargo/reference/config.html#netgit-fetch-with-cli"

// gitHTTP returns the variables that lay Cargo's [http] over git's settings.
func (c *Client) gitHTTP(http httpTable) []string {
	settings := [][2]string{
		{"http.lowSpeedLimit", fmt.Sprint(lowSpeed(http))},
		{"http.lowSpeedTime", fmt.Sprint(int64(c.timeout(http).Seconds()))},
	}
	if http.Proxy != nil {
		settings = append(settings, [2]string{"http.proxy", *http.Proxy})
	}
	if http.CAInfo != nil {
		settings = append(settings, [2]string{"http.sslCAInfo", c.Config.ResolvePath(http.CAInfo.Val, http.CAInfo.Definition)})
	}
	// The caller's own settings in the environment are numbered from 0.
	text, _ := system.LookupEnv(c.Config.Environ, "GIT_CONFIG_COUNT")
	count, _ := strconv.Atoi(text)
	var variables []string
	for _, s := range settings {
		variables = append(variables, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", count, s[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", count, s[1]))
		count++
	}
	return append(variables, fmt.Sprintf("GIT_CONFIG_COUNT=%d", count))
}

// runGit runs a git that prints nothing that is wanted. What it says is for the
// user once it has succeeded; until then a try may follow, and say the same. It
// asks for credentials on the terminal itself.
func runGit(ctx context.Context, program subprocess.Program, help string) error {
	var said words
	stderr := program.Stderr
	program.Stderr = &said
	_, state, err := outputOf(ctx, program)
	if err != nil {
		return err
	}
	if state.Success() {
		if stderr != nil {
			_, _ = stderr.Write(said)
		}
		return nil
	}
	text := fmt.Sprintf("process didn't exit successfully: `%s` (%s)", commandLine(program), subprocess.DescribeStatus(state))
	final := text
	if trimmed := strings.TrimSpace(string(said)); trimmed != "" {
		final += "\n--- stderr\n" + trimmed
	}
	// Each failure may be the network's.
	return &transferError{spurious: true, text: text + help, final: final + help}
}

// commandLine shows a command as Cargo does: quoted for a shell.
func commandLine(p subprocess.Program) string {
	line := p.Path
	for _, arg := range p.Args {
		line += " " + shellQuoted(arg)
	}
	return line
}

func shellQuoted(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=/,.+"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(word) + "'"
}

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
		return fmt.Errorf("failed to create directory `%s`: %w", parent, system.Error(err))
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
		return fmt.Errorf("failed to initialize index git repository: %w", system.Error(err))
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
	child, err := program.Start(ctx)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("could not execute process `%s` (never executed): %w", commandLine(program), err)
	}
	if err != nil {
		return nil, nil, err
	}
	output, err := io.ReadAll(io.LimitReader(child.Stdout, longestBody+1))
	if err == nil && len(output) > longestBody {
		err = fmt.Errorf("more than %d bytes from `git`", longestBody)
	}
	if err != nil {
		return nil, nil, child.Abandon(system.Error(err))
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
