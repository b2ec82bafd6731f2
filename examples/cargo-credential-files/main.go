// Command cargo-credential-files is a credential provider for Cargo that keeps
// each token in a file in one directory, such as a mount with secrets or an
// encrypted disk. Its argument is the directory.
package main

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

func main() { credential.Main(files{}) }

type files struct{}

func (files) Get(_ context.Context, req *credential.Request, _ credential.Operation) (*credential.Token, error) {
	path, err := tokenFile(req)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, notFound(err)
	}
	token := config.NewSecret(strings.TrimSpace(string(text)))
	return &credential.Token{Secret: token, Cache: credential.CacheSession, OperationIndependent: true}, nil
}

func (files) Login(ctx context.Context, req *credential.Request, login credential.LoginOptions) error {
	path, err := tokenFile(req)
	if err != nil {
		return err
	}
	token, err := login.ReadToken(ctx, req, credential.Terminal)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(token.Expose()+"\n"), 0o600)
}

func (files) Logout(_ context.Context, req *credential.Request) error {
	path, err := tokenFile(req)
	if err != nil {
		return err
	}
	return notFound(os.Remove(path))
}

// tokenFile names the file after the index URL. A registry's name will not do:
// a project's configuration can give another registry that name, and would get
// the token.
func tokenFile(req *credential.Request) (string, error) {
	if len(req.Args) != 1 || !filepath.IsAbs(req.Args[0]) {
		return "", errors.New("the provider takes one argument, the absolute path of a directory")
	}
	return filepath.Join(req.Args[0], url.QueryEscape(req.IndexURL)), nil
}

// notFound tells Cargo to ask the next provider if the file does not exist.
func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return credential.ErrNotFound
	}
	return err
}
