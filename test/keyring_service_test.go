//go:build linux

package test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/test/secretservice"
)

// No service can make a program wait for longer than a person or patience has,
// or take one thing for another.
func TestServicesThatAreStrange(t *testing.T) {
	get := func(ctx context.Context, s keyring.Store) error {
		token, err := s.Get(ctx, keyring.Entry{IndexURL: "u"})
		if err == nil && token.Expose() != "secret" {
			err = errors.New("another token")
		}
		return err
	}
	set := func(ctx context.Context, s keyring.Store) error {
		return s.Set(ctx, keyring.Entry{IndexURL: "u"}, config.NewSecret("t"))
	}
	remove := func(ctx context.Context, s keyring.Store) error {
		return s.Delete(ctx, keyring.Entry{IndexURL: "u"})
	}
	for _, test := range []struct {
		about  string
		fake   secretservice.Fake
		person bool
		do     func(context.Context, keyring.Store) error
		want   string
	}{
		{"nothing strange", secretservice.Fake{}, false, get, ""},
		{"unlocked by a person", secretservice.Fake{Locked: true}, true, get, ""},
		{"a prompt that ends without a word", secretservice.Fake{Locked: true, Bare: true}, true, get, ""},
		{"a prompt that is not shown", secretservice.Fake{Locked: true, SilentPrompt: true}, true, get, "does not answer within 2s"},
		{"silence after a prompt", secretservice.Fake{Locked: true, SilentSecret: true}, true, get, "does not answer within 2s"},
		{"silence", secretservice.Fake{SilentSecret: true}, false, get, "does not answer within 2s"},
		{"storing asks a person", secretservice.Fake{Confirm: true}, true, set, ""},
		{"storing asks, and there is no person", secretservice.Fake{Confirm: true}, false, set, "there is no display or terminal for that"},
		{"deleting asks a person", secretservice.Fake{Confirm: true}, true, remove, ""},
		{"deleting asks, and there is no person", secretservice.Fake{Confirm: true}, false, remove, "there is no display or terminal for that"},
		{"nothing there", secretservice.Fake{Missing: true}, false, get, credential.ErrNotFound.Error()},
		{"no default collection", secretservice.Fake{Missing: true, NoCollection: 2}, false, get, "has no default collection"},
		{"no place to store", secretservice.Fake{NoCollection: 2}, false, set, "has no default collection"},
		{"no default collection for an instant", secretservice.Fake{Missing: true, NoCollection: 1}, false, get, credential.ErrNotFound.Error()},
		{"no place to store for an instant", secretservice.Fake{NoCollection: 1}, false, set, ""},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			session, end, err := startSession(t)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(end)
			if err := session.StopKeyring(); err != nil {
				t.Fatal(err)
			}
			leave, err := test.fake.Serve(session)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = leave() })
			store, err := keyring.Open(t.Context(), keyring.Options{
				Environ: session.Environ, CanPrompt: func() bool { return test.person }, UnlockTimeout: 10 * time.Second,
			})
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			err = test.do(t.Context(), store)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
			if is, want := errors.Is(err, keyring.ErrNoAnswer), strings.Contains(test.want, "not answer"); is != want {
				t.Errorf("that it does not answer is %v: %v", is, err)
			}
			if is, want := errors.Is(err, keyring.ErrUnavailable), strings.Contains(test.want, "collection"); is != want {
				t.Errorf("that it is not there is %v: %v", is, err)
			}
			if took := time.Since(begin); took > 8*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// A token that stands in two collections is gone from both after a logout, as it
// is after one of libsecret's.
func TestDeleteLeavesNoOtherEntry(t *testing.T) {
	d := newDesktop(t)
	d.must("session's", "secret-tool", "store", "--collection=session", "--label=x",
		"xdg:schema", "org.rust-lang.cargo.registry", "url", d.index())
	if err := d.store().Set(t.Context(), d.entry(), config.NewSecret("t")); err != nil {
		t.Fatal(err)
	}
	if err := d.store().Delete(t.Context(), d.entry()); err != nil {
		t.Fatal(err)
	}
	d.holds("")
}
