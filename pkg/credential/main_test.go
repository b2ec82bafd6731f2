//go:build unix

package credential_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

// provider is a variable that makes the test program a credential provider. Its value
// is the file for the tokens.
const provider = "CREDENTIAL_TEST_STORE"

func TestMain(m *testing.M) {
	if path := os.Getenv(provider); path != "" {
		credential.Main(noisy{fileStore{path}})
	}
	os.Exit(m.Run())
}

// noisy is a store that prints, panics and hangs on request.
type noisy struct{ fileStore }

func (n noisy) Get(ctx context.Context, req *credential.Request, op credential.Operation) (*credential.Token, error) {
	fmt.Println("printed")
	fmt.Fprintln(os.Stderr, "arguments:", req.Args)
	switch {
	case slices.Contains(req.Args, "panic"):
		panic("out of order")
	case slices.Contains(req.Args, "read"):
		// If this got anything, it would be the next request.
		var word string
		_, err := fmt.Scan(&word)
		return nil, fmt.Errorf("reading: %w", err)
	case slices.Contains(req.Args, "hang"):
		fmt.Fprintln(os.Stderr, "hanging")
		time.Sleep(time.Hour)
	case slices.Contains(req.Args, "child"):
		c := exec.CommandContext(ctx, "sh", "-c", "echo from a child")
		c.Stdout = os.Stdout
		if err := c.Run(); err != nil {
			return nil, err
		}
	}
	return n.fileStore.Get(ctx, req, op)
}

// Login stores any text, to show that it survives the exchange.
func (n noisy) Login(ctx context.Context, req *credential.Request, login credential.LoginOptions) error {
	if login.Token == nil {
		return n.fileStore.Login(ctx, req, login)
	}
	tokens, err := n.read()
	if err != nil {
		return err
	}
	tokens[req.IndexURL] = login.Token.Expose()
	return n.write(tokens)
}

// self returns how to run this program as a provider.
func self(t *testing.T) (path string, environ []string) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path, append(os.Environ(), provider+"="+filepath.Join(t.TempDir(), "tokens"))
}

func selfProcess(t *testing.T, stderr io.Writer) credential.Provider {
	t.Helper()
	path, environ := self(t)
	return credential.Process(path, t.TempDir(), environ, stderr)
}

func secret(text string) *config.Secret {
	s := config.NewSecret(text)
	return &s
}

func TestProcessTalksToMain(t *testing.T) {
	var stderr strings.Builder
	p := selfProcess(t, &stderr)
	req := &credential.Request{IndexURL: "sparse+https://example.com/", Name: "pub", Args: []string{"a", "b c"}}
	_, err := p.Get(t.Context(), req, credential.Read())
	if !errors.Is(err, credential.ErrNotFound) {
		t.Errorf("a get before a login: %v", err)
	}
	if err := p.Login(t.Context(), req, credential.LoginOptions{Token: secret("é\u2028\"\\\n\x7f")}); err != nil {
		t.Fatal(err)
	}
	token, err := p.Get(t.Context(), req, credential.Publish("n", "v", "c"))
	if err != nil {
		t.Fatal(err)
	}
	if got := token.Secret.Expose(); got != "é\u2028\"\\\n\x7f" || token.Cache != credential.CacheSession || !token.OperationIndependent {
		t.Errorf("got %q, %+v", got, token)
	}
	if err := p.Logout(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if err := p.Logout(t.Context(), req); !errors.Is(err, credential.ErrNotFound) {
		t.Errorf("a second logout: %v", err)
	}
	if got := strings.Count(stderr.String(), "printed\narguments: [a b c]\n"); got != 2 {
		t.Errorf("what the provider printed came %d times: %q", got, stderr.String())
	}
}

func TestStrayOutputAndInputStayOutOfTheExchange(t *testing.T) {
	for arg, want := range map[string]string{
		"panic": "the credential provider panicked: out of order",
		"read":  "reading: EOF",
		"child": "credential not found",
	} {
		var stderr strings.Builder
		_, err := selfProcess(t, &stderr).Get(t.Context(), &credential.Request{IndexURL: "u", Args: []string{arg}}, credential.Read())
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", arg, err, want)
		}
		if arg == "child" && !strings.Contains(stderr.String(), "from a child\n") {
			t.Errorf("a child's output was lost: %q", stderr.String())
		}
	}
}

func TestMainWithoutItsArgumentSaysWhatItIs(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"--cargo-plugin", "x"}} {
		path, environ := self(t)
		c := exec.CommandContext(t.Context(), path, args...)
		c.Env = environ
		output, err := c.CombinedOutput()
		want := "error: `" + filepath.Base(path) + "` is a credential provider for Cargo, which runs it with `--cargo-plugin`\n"
		var exit *exec.ExitError
		if string(output) != want || !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("%q: got %q, %v", args, output, err)
		}
	}
}

func TestMainAnswersWhatItCannotRead(t *testing.T) {
	for request, want := range map[string]string{
		"":               "",
		"x\n":            `{"Err":{"kind":"other","message":"failed to read the request","caused-by":["invalid character 'x' looking for beginning of value"]}}` + "\n",
		`{"v":9,"x":[]}`: `{"Err":{"kind":"other","message":"failed to read the request","caused-by":["unsupported protocol version 9"]}}` + "\n",
	} {
		path, environ := self(t)
		c := exec.CommandContext(t.Context(), path, "--cargo-plugin")
		c.Env, c.Stdin = environ, strings.NewReader(request)
		output, err := c.Output()
		if err != nil || string(output) != `{"v":[1]}`+"\n"+want {
			t.Errorf("%q: got %q, %v", request, output, err)
		}
	}
}

func TestMainEndsOnASignal(t *testing.T) {
	for name, request := range map[string]string{
		"waiting for a request":   "",
		"while the store is busy": `{"v":1,"registry":{"index-url":"u"},"kind":"get","operation":"read","args":["hang"]}` + "\n",
	} {
		for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			path, environ := self(t)
			c := exec.CommandContext(t.Context(), path, "--cargo-plugin")
			c.Env = environ
			stdin, _ := c.StdinPipe()
			stdout, _ := c.StdoutPipe()
			stderr, _ := c.StderrPipe()
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			lines.Scan()
			if request != "" {
				_, _ = io.WriteString(stdin, request)
				said := bufio.NewScanner(stderr)
				for said.Scan() && said.Text() != "hanging" {
				}
			}
			begin := time.Now()
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			err := c.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 130 {
				t.Errorf("%s, %v: it ended with %v", name, signal, err)
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("%s, %v: it took %v", name, signal, took)
			}
		}
	}
}
