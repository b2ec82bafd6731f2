//go:build linux

// A Secret Service that behaves in odd ways is handled too.

package test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
	"github.com/cargo-auth/cargo-auth/pkg/keyring"
	"github.com/cargo-auth/cargo-auth/test/secretservice"
)

// No service can make a program wait too long, or mistake one outcome for another.
func TestServicesThatAreStrange(t *testing.T) {
	get := func(ctx context.Context, s keyring.Store) error {
		token, err := s.Get(ctx, "u")
		if err == nil && token.Expose() != "secret" {
			err = errors.New("another token")
		}
		return err
	}
	set := func(ctx context.Context, s keyring.Store) error {
		return s.Set(ctx, "u", "", config.NewSecret("t"))
	}
	remove := func(ctx context.Context, s keyring.Store) error {
		return s.Delete(ctx, "u")
	}
	lookAndSet := func(ctx context.Context, s keyring.Store) error {
		if _, err := s.Locked(ctx); err != nil {
			return err
		}
		return set(ctx, s)
	}
	fails := func(method, name string) secretservice.Fake {
		return secretservice.Fake{Fails: map[string]string{method: name}}
	}
	const gone, noObject = "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.UnknownObject"
	for _, test := range []struct {
		about  string
		fake   secretservice.Fake
		person bool
		do     func(context.Context, keyring.Store) error
		want   string
	}{
		{"nothing strange", secretservice.Fake{}, false, get, ""},
		{"unlocked by a person", secretservice.Fake{Locked: true}, true, get, ""},
		{"a prompt that ends without a result", secretservice.Fake{Locked: true, Bare: true}, true, get, ""},
		{"a prompt that is not shown", secretservice.Fake{Locked: true, SilentPrompt: true}, true, get, "does not answer within 2s"},
		{"silence after a prompt", secretservice.Fake{Locked: true, SilentSecret: true}, true, get, "does not answer within 2s"},
		{"silence", secretservice.Fake{SilentSecret: true}, false, get, "does not answer within 2s"},
		{"storing asks a person", secretservice.Fake{Confirm: true}, true, set, ""},
		{"storing asks, but no person is there", secretservice.Fake{Confirm: true}, false, set, "there is no display or terminal for that"},
		{"deleting asks a person", secretservice.Fake{Confirm: true}, true, remove, ""},
		{"deleting asks, but no person is there", secretservice.Fake{Confirm: true}, false, remove, "there is no display or terminal for that"},
		{"no such entry", secretservice.Fake{Missing: true}, false, get, credential.ErrNotFound.Error()},
		{"no default collection", secretservice.Fake{Missing: true, NoCollection: 2}, false, get, "has no default collection"},
		{"no place to store", secretservice.Fake{NoCollection: 2}, false, set, "has no default collection"},
		{"no default collection for an instant", secretservice.Fake{Missing: true, NoCollection: 1}, false, get, credential.ErrNotFound.Error()},
		{"no place to store for an instant", secretservice.Fake{NoCollection: 1}, false, set, ""},
		{"gone before it gives the token", fails("GetSecret", gone), false, get, "the Secret Service went away"},
		{"gone before it stores", fails("CreateItem", gone), false, set, "the Secret Service went away"},
		{"gone before it removes", fails("Delete", gone), false, remove, "the Secret Service went away"},
		{"an entry that cannot be read", fails("GetSecret", noObject), false, get, "cannot read the token from"},
		{"an entry that cannot be removed", fails("Delete", noObject), false, remove, "cannot remove the token from"},
		{"no place to store after all", fails("CreateItem", noObject), false, lookAndSet, "cannot store the token in"},
		{"nothing stored", secretservice.Fake{StoresNothing: true}, false, set, "has not stored the token"},
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
				Environ: append(slices.Clone(session.Environ), "DISPLAY=:none"), MayPrompt: test.person, UnlockTimeout: 10 * time.Second,
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
				t.Errorf("errors.Is(err, ErrNoAnswer) is %v: %v", is, err)
			}
			if is, want := errors.Is(err, keyring.ErrUnavailable), strings.Contains(test.want, "collection"); is != want {
				t.Errorf("errors.Is(err, ErrUnavailable) is %v: %v", is, err)
			}
			if took := time.Since(begin); took > 8*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// Once a store has answered, its absence is a failure.
func TestServiceThatGoesBetweenTwoRequests(t *testing.T) {
	d := newDesktop(t)
	provider := command(t, ours(t, "cargo-credential-keyring"), "--cargo-plugin")
	provider.Env = d.Environ
	in, err := provider.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := provider.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := provider.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	answer := func() string {
		if !lines.Scan() {
			t.Fatalf("the provider has ended: %v", lines.Err())
		}
		return lines.Text()
	}
	answer()
	for i, request := range requests {
		if _, err := io.WriteString(in, request+"\n"); err != nil {
			t.Fatal(err)
		}
		want := `{"Err":{"kind":"other","message":"the Secret Service went away","caused-by":[]}}`
		if i == 0 {
			want = `{"Err":{"kind":"not-found"}}`
		}
		if got := answer(); got != want {
			t.Errorf("request %d is answered with %s, want %s", i+1, got, want)
		}
		if err := d.StopKeyring(); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(in.Close(), provider.Wait()); err != nil {
		t.Error(err)
	}
}

// A logout removes a token from every collection that has it, as libsecret's does.
func TestDeleteLeavesNoOtherEntry(t *testing.T) {
	d := newDesktop(t)
	d.must("session's", "secret-tool", "store", "--collection=session", "--label=x",
		"xdg:schema", "org.rust-lang.cargo.registry", "url", d.index())
	if err := d.store().Set(t.Context(), d.index(), "pub", config.NewSecret("t")); err != nil {
		t.Fatal(err)
	}
	if err := d.store().Delete(t.Context(), d.index()); err != nil {
		t.Fatal(err)
	}
	d.holds("")
}
