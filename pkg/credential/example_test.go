package credential_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

// fileStore is a provider that keeps tokens in a file, by index URL. In a
// program of its own, its main function is
//
//	func main() { credential.Main(fileStore{"tokens.json"}) }
type fileStore struct{ path string }

func (s fileStore) Get(_ context.Context, req *credential.Request, _ credential.Operation) (*credential.Token, error) {
	tokens, err := s.read()
	if err != nil {
		return nil, err
	}
	token, ok := tokens[req.IndexURL]
	if !ok {
		return nil, credential.ErrNotFound
	}
	return &credential.Token{
		Secret:               config.NewSecret(token),
		Cache:                credential.CacheSession,
		OperationIndependent: true,
	}, nil
}

func (s fileStore) Login(ctx context.Context, req *credential.Request, login credential.LoginOptions) error {
	token, err := login.ReadToken(ctx, req, credential.Terminal)
	if err != nil {
		return err
	}
	tokens, err := s.read()
	if err != nil {
		return err
	}
	tokens[req.IndexURL] = token.Expose()
	return s.write(tokens)
}

func (s fileStore) Logout(_ context.Context, req *credential.Request) error {
	tokens, err := s.read()
	if err != nil {
		return err
	}
	if _, ok := tokens[req.IndexURL]; !ok {
		return credential.ErrNotFound
	}
	delete(tokens, req.IndexURL)
	return s.write(tokens)
}

func (s fileStore) read() (map[string]string, error) {
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed to read the tokens: %w", err)
	}
	tokens := map[string]string{}
	if err := json.Unmarshal(text, &tokens); err != nil {
		return nil, fmt.Errorf("failed to parse the tokens in %s: %w", s.path, err)
	}
	return tokens, nil
}

func (s fileStore) write(tokens map[string]string) error {
	text, err := json.Marshal(tokens)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.path, text, 0o600); err != nil {
		return fmt.Errorf("failed to write the tokens: %w", err)
	}
	return nil
}

// A provider that keeps tokens in a file, and the conversation that a login
// and a look-up have with it.
func ExampleServe() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	store := fileStore{filepath.Join(dir, "tokens.json")}

	requests := strings.NewReader(`
{"v":1,"registry":{"index-url":"sparse+https://registry.example/","name":"my"},"kind":"login","token":"t0ken"}
{"v":1,"registry":{"index-url":"sparse+https://registry.example/","name":"my"},"kind":"get","operation":"read"}
{"v":1,"registry":{"index-url":"sparse+https://other.example/"},"kind":"logout"}
`[1:])
	if err := credential.Serve(context.Background(), store, requests, os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// {"v":[1]}
	// {"Ok":{"kind":"login"}}
	// {"Ok":{"kind":"get","token":"t0ken","cache":"session","operation_independent":true}}
	// {"Err":{"kind":"not-found"}}
}

// What `cargo publish` would send to a registry.
func ExampleChain_Token() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	cfg := config.New(config.Options{
		Dir:  dir,
		Home: filepath.Join(dir, "home"),
		Environ: []string{
			"CARGO_REGISTRIES_MY_INDEX=sparse+https://registry.example/",
			"CARGO_REGISTRIES_MY_TOKEN=t0ken",
		},
		Notify: func(n config.Message) { fmt.Fprintln(os.Stderr, n.Text) },
	})

	chain := &credential.Chain{Config: cfg}
	token, err := chain.Token(context.Background(), "my", credential.Publish("hello", "1.0.0", "5891b5b5…"))
	if err != nil {
		panic(err)
	}
	fmt.Println("a token never prints itself:", token)
	fmt.Println("it is for a header:", token.Expose())
	// Output:
	// a token never prints itself: REDACTED
	// it is for a header: t0ken
}
