package index

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/subprocess"
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
func (c *Client) fetchGit(ctx context.Context, url string, r *gitRepository, http config.HTTP) error {
	net, err := c.Config.Net()
	if err != nil {
		return err
	}
	retries, err := c.retries()
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
		if c.Config.Notify != nil {
			c.Config.Notify(config.Notice{Kind: config.VerboseStatus, Verb: "Running", Text: "`" + commandLine(program) + "`"})
		}
	} else {
		program.Env = append(program.Env, c.gitHTTP(http)...)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longestFetch, fmt.Errorf("git did not end within %v", longestFetch))
	defer cancel()
	return c.retry(ctx, retries, func() error { return runGit(ctx, program, help) })
}

// longestFetch bounds a fetch with all its tries. git itself would wait without
// end for a server that says nothing over ssh.
const longestFetch = time.Hour

// gitHelp follows what is wrong with a git that runs because it is configured.
const gitHelp = "\n\nhelp: re-try with `net.git-fetch-with-cli = false` to see if it resolves the problem\n" +
	"https://doc.rust-lang.org/cargo/reference/config.html#netgit-fetch-with-cli"

// gitHTTP returns the variables that lay Cargo's [http] over git's settings.
func (c *Client) gitHTTP(http config.HTTP) []string {
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
	text, _ := c.Config.Env("GIT_CONFIG_COUNT")
	count, _ := strconv.Atoi(text)
	var variables []string
	for _, s := range settings {
		variables = append(variables, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", count, s[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", count, s[1]))
		count++
	}
	return append(variables, fmt.Sprintf("GIT_CONFIG_COUNT=%d", count))
}

// runGit runs a git that prints nothing that is wanted.
func runGit(ctx context.Context, program subprocess.Program, help string) error {
	child, err := program.Start(ctx, false)
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		return fmt.Errorf("could not execute process `%s` (never executed): %w", commandLine(program), &gitError{err.Error()})
	}
	state, err := child.Wait()
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		return fmt.Errorf("could not execute process `%s`: %w", commandLine(program), err)
	case !state.Success():
		return &gitError{fmt.Sprintf("process didn't exit successfully: `%s` (%s)%s",
			commandLine(program), subprocess.DescribeStatus(state), help)}
	}
	return nil
}

// gitError says how a git has failed. Why, git has told the user itself; so
// each failure may be the network's.
type gitError struct{ text string }

func (e *gitError) Error() string { return e.text }

func (*gitError) isSpurious() bool { return true }

// commandLine shows a command as Cargo does: quoted for a shell.
func commandLine(p subprocess.Program) string {
	words := []string{p.Path}
	for _, arg := range p.Args {
		words = append(words, shellQuoted(arg))
	}
	return strings.Join(words, " ")
}

func shellQuoted(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=/,.+"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(word) + "'"
}
