//go:build unix && !darwin

package keyring

import (
	"context"
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"
	ss "github.com/zalando/go-keyring/secret_service"

	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

// The Secret Service's names.
const (
	serviceName       = "org.freedesktop.secrets"
	servicePath       = dbus.ObjectPath("/org/freedesktop/secrets")
	defaultCollection = dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")
	noPrompt          = dbus.ObjectPath("/")

	service    = "org.freedesktop.Secret.Service"
	collection = "org.freedesktop.Secret.Collection"
	item       = "org.freedesktop.Secret.Item"
)

// schema is what Cargo's provider calls its entries.
const schema = "org.rust-lang.cargo.registry"

// secretService is the store of a desktop's session.
type secretService struct{ Options }

func (secretService) Name() string { return "Secret Service" }

// attributes are those by which Cargo's provider finds an entry.
func (e Entry) attributes() map[string]string {
	return map[string]string{"xdg:schema": schema, "url": e.IndexURL}
}

// Get searches all collections, as libsecret does.
func (s secretService) Get(ctx context.Context, e Entry) (config.Secret, error) {
	var token config.Secret
	err := s.connected(ctx, func(c *connection) error {
		path, err := c.find(ctx, e)
		if err != nil {
			return err
		}
		session, err := c.session()
		if err != nil {
			return err
		}
		secret, err := (&ss.SecretService{Conn: c.bus}).GetSecret(path, session)
		if err != nil {
			return c.failed("cannot read the token from", err)
		}
		token = config.NewSecret(string(secret.Value))
		clear(secret.Value)
		return nil
	})
	return token, err
}

// Set puts the token into the default collection. An entry with the same
// attributes is replaced.
func (s secretService) Set(ctx context.Context, e Entry, token config.Secret) error {
	return s.connected(ctx, func(c *connection) error {
		session, err := c.session()
		if err != nil {
			return err
		}
		properties := map[string]dbus.Variant{
			item + ".Label":      dbus.MakeVariant(e.label()),
			item + ".Attributes": dbus.MakeVariant(e.attributes()),
		}
		secret := ss.NewSecret(session, token.Expose())
		secret.ContentType = "text/plain"
		defer clear(secret.Value)
		var created, prompt dbus.ObjectPath
		create := func() error {
			return c.call(defaultCollection, collection+".CreateItem", properties, secret, true).Store(&created, &prompt)
		}
		err = create()
		if isLocked(err) {
			if err := c.unlock(ctx, defaultCollection); err != nil {
				return err
			}
			err = create()
		}
		if err != nil {
			return c.failed("cannot store the token in", err)
		}
		return c.prompt(ctx, prompt)
	})
}

// Delete removes the entry, from all collections as libsecret does.
func (s secretService) Delete(ctx context.Context, e Entry) error {
	return s.connected(ctx, func(c *connection) error {
		if _, err := c.find(ctx, e); err != nil {
			return err
		}
		unlocked, locked, err := c.search(e)
		if err != nil {
			return err
		}
		for _, path := range locked {
			if err := c.unlock(ctx, path); err != nil {
				return err
			}
		}
		for _, path := range append(unlocked, locked...) {
			var prompt dbus.ObjectPath
			if err := c.call(path, item+".Delete").Store(&prompt); err != nil {
				return c.failed("cannot remove the token from", err)
			}
			if err := c.prompt(ctx, prompt); err != nil {
				return err
			}
		}
		return nil
	})
}

// Locked asks for the default collection.
func (s secretService) Locked(ctx context.Context) (locked bool, err error) {
	err = s.connected(ctx, func(c *connection) (err error) {
		locked, err = c.locked()
		return err
	})
	return locked, err
}

// find returns the entry, unlocked. GNOME Keyring finds nothing in a collection
// that has been locked since it started, so that one is unlocked before an
// entry counts as missing.
func (c *connection) find(ctx context.Context, e Entry) (dbus.ObjectPath, error) {
	unlocked, locked, err := c.search(e)
	if err == nil && len(unlocked)+len(locked) == 0 {
		var isLocked bool
		if isLocked, err = c.locked(); err == nil && !isLocked {
			return "", credential.ErrNotFound
		}
		if err == nil {
			err = c.unlock(ctx, defaultCollection)
		}
		if err == nil {
			unlocked, locked, err = c.search(e)
		}
	}
	switch {
	case err != nil:
		return "", err
	case len(unlocked) > 0:
		return unlocked[0], nil
	case len(locked) > 0:
		return locked[0], c.unlock(ctx, locked[0])
	}
	return "", credential.ErrNotFound
}

func (c *connection) search(e Entry) (unlocked, locked []dbus.ObjectPath, err error) {
	if err := c.call(servicePath, service+".SearchItems", e.attributes()).Store(&unlocked, &locked); err != nil {
		return nil, nil, c.failed("cannot search", err)
	}
	return unlocked, locked, nil
}

// locked reports whether the default collection is locked.
func (c *connection) locked() (bool, error) {
	property, err := c.bus.Object(serviceName, defaultCollection).GetProperty(collection + ".Locked")
	if err != nil {
		return false, c.failed("cannot reach the default collection of", err)
	}
	locked, _ := property.Value().(bool)
	return locked, nil
}

// session opens the session in which secrets travel. They are not encrypted on
// the way: only the user's own programs are on the user's bus.
func (c *connection) session() (dbus.ObjectPath, error) {
	var output dbus.Variant
	var session dbus.ObjectPath
	err := c.call(servicePath, service+".OpenSession", "plain", dbus.MakeVariant("")).Store(&output, &session)
	if err != nil {
		return "", c.failed("cannot open a session with", err)
	}
	return session, nil
}

func isLocked(err error) bool {
	var failure dbus.Error
	return errors.As(err, &failure) && failure.Name == "org.freedesktop.Secret.Error.IsLocked"
}

// failed says what could not be done. A service or a collection that is not
// there is [ErrUnavailable].
func (c *connection) failed(what string, err error) error {
	var failure dbus.Error
	if errors.As(err, &failure) {
		switch failure.Name {
		case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner",
			"org.freedesktop.DBus.Error.Spawn.ServiceNotFound":
			return unavailablef("no Secret Service runs in this session; start one, such as gnome-keyring, KWallet or KeePassXC")
		case "org.freedesktop.DBus.Error.UnknownObject", "org.freedesktop.DBus.Error.UnknownMethod",
			"org.freedesktop.Secret.Error.NoSuchObject":
			return unavailablef("the Secret Service has no default collection; create one, for example with Seahorse")
		}
	}
	if c.timedOut() {
		return unavailablef("the Secret Service does not answer within %v", patience)
	}
	return fmt.Errorf("%s the Secret Service: %w", what, err)
}
