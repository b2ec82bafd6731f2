package index

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/internal/subprocess"
)

// gitProxy returns `http.proxy` of git's global settings; nil if it is not set.
// Cargo's git library reads the usual files only, whatever GIT_CONFIG_GLOBAL or
// a repository say, and nothing at all if one of them is broken.
func (c *Client) gitProxy(ctx context.Context) *string {
	var proxy *string
	for _, file := range c.gitFiles() {
		value, ok := c.gitFileProxy(ctx, file)
		if !ok {
			return nil
		}
		if value != nil {
			proxy = value
		}
	}
	return proxy
}

// gitFiles returns where git's global settings are, the strongest last.
func (c *Client) gitFiles() []string {
	files := []string{filepath.FromSlash("/etc/gitconfig")}
	home, _ := c.Config.Env("HOME")
	if home == "" {
		home, _ = c.Config.Env("USERPROFILE")
	}
	if xdg, _ := c.Config.Env("XDG_CONFIG_HOME"); xdg != "" {
		files = append(files, filepath.Join(xdg, "git", "config"))
	} else if home != "" {
		files = append(files, filepath.Join(home, ".config", "git", "config"))
	}
	if home != "" {
		files = append(files, filepath.Join(home, ".gitconfig"))
	}
	return files
}

// gitFileProxy returns `http.proxy` in a file of git's or in those that it
// includes; nil if it is not set. It fails for a broken file. Git itself reads
// the file, but is not started for one that cannot set a proxy; without git on
// the machine the file has no meaning.
func (c *Client) gitFileProxy(ctx context.Context, file string) (value *string, ok bool) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, true
	}
	if lower := bytes.ToLower(data); !bytes.Contains(lower, []byte("proxy")) && !bytes.Contains(lower, []byte("include")) {
		return nil, true
	}
	program := subprocess.Program{
		Path: "git",
		Args: []string{"config", "--file", file, "--includes", "--null", "--get", "http.proxy"},
		// No repository is meant, in which an [includeIf] could hold.
		Env: append(gitEnvironment(c.Config.Environ), "GIT_DIR="+os.DevNull),
	}
	child, err := program.Start(ctx, false)
	if err != nil {
		return nil, true
	}
	output, err := io.ReadAll(io.LimitReader(child.Stdout, longestHead))
	if err != nil {
		_ = child.Abandon(err)
		return nil, false
	}
	state, err := child.Wait()
	const notSet = 1
	switch {
	case err == nil && state.ExitCode() == notSet:
		return nil, true
	case err != nil || !state.Success():
		return nil, false
	}
	text := strings.TrimSuffix(string(output), "\x00")
	return &text, true
}
