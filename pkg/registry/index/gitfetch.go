package index

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/internal/subprocess"
)

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
	args := []string{"fetch", "--no-tags"}
	switch {
	case c.Quiet || !withCLI:
		args = append(args, "--quiet")
	case c.Verbose:
		args = append(args, "--verbose")
	}
	if !withCLI && !strings.HasPrefix(url, "file:") {
		args = append(args, "--depth=1")
	}
	args = append(args, "--force", "--update-head-ok", url, "+HEAD:"+gitRef)
	program := r.program(args)
	if !withCLI {
		program.Env = append(program.Env, c.gitHTTP(http)...)
	} else if c.Config.Notify != nil {
		c.Config.Notify(config.Notice{Kind: config.VerboseStatus, Verb: "Running", Text: "`" + commandLine(program) + "`"})
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longestFetch, fmt.Errorf("git did not end within %v", longestFetch))
	defer cancel()
	return c.retry(ctx, retries, func() error { return runGit(ctx, program) })
}

// longestFetch bounds a fetch with all its tries. git itself would wait for ever
// for a server that says nothing over ssh.
const longestFetch = time.Hour

// gitHTTP returns the variables that lay Cargo's [http] over git's settings.
func (c *Client) gitHTTP(http config.HTTP) []string {
	lowSpeed := defaultLowSpeed
	if http.LowSpeedLimit != nil {
		lowSpeed = *http.LowSpeedLimit
	}
	settings := [][2]string{
		{"http.lowSpeedLimit", fmt.Sprint(lowSpeed)},
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
func runGit(ctx context.Context, program subprocess.Program) error {
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
		return &gitError{fmt.Sprintf("process didn't exit successfully: `%s` (%s)", commandLine(program), describeEnd(state))}
	}
	return nil
}

// gitError says how a git has failed. Why, git has told the user itself; so
// each failure may be the network's.
type gitError struct{ text string }

func (e *gitError) Error() string { return e.text }

func (*gitError) spurious() bool { return true }

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

// describeEnd says how a program has ended as Cargo does, which has words of
// its own for signals.
func describeEnd(state *os.ProcessState) string {
	text := subprocess.DescribeStatus(state)
	number, rest, isSignal := strings.Cut(text, " (")
	if !isSignal {
		return text
	}
	name, _, _ := strings.Cut(rest, ")")
	meanings := map[string]string{
		"SIGABRT": "process abort signal",
		"SIGALRM": "alarm clock",
		"SIGFPE":  "erroneous arithmetic operation",
		"SIGHUP":  "hangup",
		"SIGILL":  "illegal instruction",
		"SIGINT":  "terminal interrupt signal",
		"SIGKILL": "kill",
		"SIGPIPE": "write on a pipe with no one to read",
		"SIGQUIT": "terminal quit signal",
		"SIGSEGV": "invalid memory reference",
		"SIGTERM": "termination signal",
		"SIGBUS":  "access to undefined memory",
		"SIGSYS":  "bad system call",
		"SIGTRAP": "trace/breakpoint trap",
	}
	if meaning, ok := meanings[name]; ok {
		return number + ", " + name + ": " + meaning
	}
	return number
}
