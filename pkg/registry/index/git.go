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
)

// This chapter reads an index in a git repository, which it lets the machine's git
// fetch into Cargo's cache.

// loadGit returns the config.json in the cached repository. If that is missing or
// damaged, it fetches another.
func (c *Client) loadGit(ctx context.Context) (*Config, error) {
	repository := gitRepository{
		dir: filepath.Join(c.cacheDir(), ".git"),
		env: gitEnvironment(c.Config.Environ),
	}
	if info, err := os.Stat(repository.dir); err != nil || !info.IsDir() {
		if err := repository.renew(); err != nil {
			return nil, err
		}
	}
	data, err := repository.readFile(ctx, configName)
	switch {
	case err == nil:
		about, _, err := parseConfig(data)
		return about, err
	case ctx.Err() != nil, errors.Is(err, errNoGit):
		return nil, err
	case c.isOffline():
		return nil, notFoundError(configName)
	case errors.Is(err, errUnreadable):
		if err := repository.renew(); err != nil {
			return nil, err
		}
	}
	// Even if only git makes requests, an error in [http] comes before all else.
	settings, err := c.readHTTP()
	if err != nil {
		return nil, err
	}
	c.announce()
	url := c.Registry.Source().Index()
	if err := c.fetchGit(ctx, url, &repository, settings); err != nil {
		return nil, fmt.Errorf("failed to fetch `%s`: %w", url, err)
	}
	data, err = repository.readFile(ctx, configName)
	if errors.Is(err, errUnreadable) {
		return nil, fmt.Errorf("failed to read what git has fetched: %w", err)
	}
	if err != nil {
		return nil, err
	}
	about, _, err := parseConfig(data)
	return about, err
}

// fetchGit runs git until it has fetched the index's HEAD.
//
// With `net.git-fetch-with-cli` the command is Cargo's. Without, Cargo uses a library
// that prints nothing and follows Cargo's [http]; so does git here. It leaves the
// history out, except from a `file:` URL, which Cargo could not update then.
func (c *Client) fetchGit(ctx context.Context, url string, r *gitRepository, settings *httpTable) error {
	net, err := c.readNet()
	if err != nil {
		return err
	}
	withCLI := *net.GitFetchWithCLI
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
		c.say(config.VerboseStatus, "Running", "`%s`", commandLine(program))
	} else {
		if settings.CAInfo != nil {
			// git would wait for a pipe.
			path := c.Config.ResolvePath(settings.CAInfo.Val, settings.CAInfo.Definition)
			if _, err := system.ReadFile(path); errors.As(err, new(system.Refused)) {
				return certificatesError(path, err)
			}
		}
		program.Env = append(program.Env, c.gitHTTP(settings)...)
	}
	// Over ssh git would wait without end for a silent server.
	const longest = time.Hour
	ctx, cancel := context.WithTimeoutCause(ctx, longest, fmt.Errorf("git did not end within %v", longest))
	defer cancel()
	return c.retry(ctx, func() error { return c.runGit(ctx, program, help) })
}

// gitHelp follows the error of a git that runs because the user configured it.
const gitHelp = "\n\nhelp: re-try with `net.git-fetch-with-cli = false` to see if it resolves the problem\n" +
	"https://doc.rust-lang.org/cargo/reference/config.html#netgit-fetch-with-cli"

// gitHTTP returns the variables that lay Cargo's [http] over git's settings.
func (c *Client) gitHTTP(settings *httpTable) []string {
	pairs := [][2]string{
		{"http.lowSpeedLimit", fmt.Sprint(*settings.LowSpeedLimit)},
		{"http.lowSpeedTime", fmt.Sprint(int64(settings.timeout().Seconds()))},
	}
	if settings.Proxy != nil {
		pairs = append(pairs, [2]string{"http.proxy", *settings.Proxy})
	}
	if settings.CAInfo != nil {
		pairs = append(pairs, [2]string{"http.sslCAInfo", c.Config.ResolvePath(settings.CAInfo.Val, settings.CAInfo.Definition)})
	}
	// The caller's own settings have the numbers from 0.
	text, _ := system.LookupEnv(c.Config.Environ, "GIT_CONFIG_COUNT")
	count, _ := strconv.Atoi(text)
	var variables []string
	for _, pair := range pairs {
		variables = append(variables, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", count, pair[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", count, pair[1]))
		count++
	}
	return append(variables, fmt.Sprintf("GIT_CONFIG_COUNT=%d", count))
}

// runGit runs git once. The user sees what git printed after it has succeeded, or in
// the error of the last try. git itself asks for credentials, on the terminal.
func (c *Client) runGit(ctx context.Context, program subprocess.Program, help string) error {
	var printed tail
	program.Stderr = &printed
	_, state, err := outputOf(ctx, program)
	if err != nil {
		return err
	}
	if state.Success() {
		if c.Stderr != nil {
			_, _ = c.Stderr.Write(printed)
		}
		return nil
	}
	text := fmt.Sprintf("process didn't exit successfully: `%s` (%s)", commandLine(program), state)
	final := text
	if trimmed := strings.TrimSpace(string(printed)); trimmed != "" {
		final += "\n--- stderr\n" + trimmed
	}
	// The network may be the cause of any failure.
	return &transferError{spurious: true, text: text + help, final: final + help}
}

// longestTail is how much of git's output is kept: the end, which has the reason.
const longestTail = 16 << 10

// tail keeps the end of what is written.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	*t = append(*t, p...)
	*t = (*t)[max(0, len(*t)-longestTail):]
	return len(p), nil
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

// commandLine returns a command as Cargo shows it: quoted for a shell.
func commandLine(p subprocess.Program) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=/,.+"
	line := p.Path
	for _, arg := range p.Args {
		if arg == "" || strings.Trim(arg, plain) != "" {
			arg = "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(arg) + "'"
		}
		line += " " + arg
	}
	return line
}

// gitRef is where Cargo keeps the index's HEAD as it was fetched.
const gitRef = "refs/remotes/origin/HEAD"

var (
	// errUnreadable says that nothing has been fetched yet, or that the repository is
	// damaged.
	errUnreadable = errors.New("git cannot read the repository")
	// errNoGit says that the machine has no git.
	errNoGit = errors.New("the registry's index is a git repository, and no `git` is on PATH to read it;\n" +
		"install git, or configure the registry's sparse index, if it has one: its URL begins with `sparse+`")
)

// gitRepository is the repository in which Cargo caches an index.
type gitRepository struct {
	dir string
	env []string
}

// renew replaces the repository by an empty one like Cargo's. The user's settings for
// new repositories have no effect on it. It has a work tree, which very old versions
// of Cargo use.
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
		// With this file it becomes a repository.
		err = os.WriteFile(filepath.Join(r.dir, "HEAD"), []byte("ref: refs/heads/master\n"), 0o666)
	}
	if err != nil {
		return fmt.Errorf("failed to initialize index git repository: %w", system.Error(err))
	}
	return nil
}

// readFile returns the content of a file in the root of the index.
func (r *gitRepository) readFile(ctx context.Context, name string) ([]byte, error) {
	entry, err := r.output(ctx, "ls-tree", "--full-tree", gitRef, "--", name)
	if err != nil {
		return nil, err
	}
	// The mode, the type and the name of the object, and the name of the file.
	words := strings.Fields(string(entry))
	switch {
	case len(words) < 3:
		return nil, notFoundError(name)
	case words[1] != "blob":
		return nil, fmt.Errorf("path `%s` is not a blob in the git repo", name)
	}
	return r.output(ctx, "cat-file", "blob", words[2])
}

// output runs a git command that reads the repository, and returns what it prints.
// If git fails, the error is errUnreadable.
func (r *gitRepository) output(ctx context.Context, args ...string) ([]byte, error) {
	output, state, err := outputOf(ctx, r.program(args...))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNoGit
	case err != nil:
		return nil, err
	case !state.Success():
		return nil, errUnreadable
	}
	return output, nil
}

// program returns a git command for the repository.
func (r *gitRepository) program(args ...string) subprocess.Program {
	env := append(slices.Clone(r.env), "GIT_DIR="+r.dir)
	return subprocess.Program{Path: "git", Args: args, Dir: r.dir, Env: env}
}

// gitLocal are the variables that tell git which repository to use and which part of
// it. A git hook that runs a login has them set.
var gitLocal = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
	"GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH",
	"GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
}

// gitEnvironment returns an environment without the caller's repository.
func gitEnvironment(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(gitLocal, name)
	})
}
