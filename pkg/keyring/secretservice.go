//go:build unix && !darwin

package keyring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
	ss "github.com/zalando/go-keyring/secret_service"

	"github.com/cargo-auth/cargo-auth/internal/system"
	"github.com/cargo-auth/cargo-auth/pkg/config"
	"github.com/cargo-auth/cargo-auth/pkg/credential"
)

// The names of the Secret Service on the bus.
const (
	serviceName       = "org.freedesktop.secrets"
	servicePath       = dbus.ObjectPath("/org/freedesktop/secrets")
	defaultCollection = dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")
	nothing           = dbus.ObjectPath("/")

	service    = "org.freedesktop.Secret.Service"
	collection = "org.freedesktop.Secret.Collection"
	item       = "org.freedesktop.Secret.Item"
)

// schema marks the entries of Cargo's provider.
const schema = "org.rust-lang.cargo.registry"

// secretService is the secret store of a desktop session.
type secretService struct{ options *Options }

func (secretService) Name() string { return "Secret Service" }

// attributes returns what Cargo's provider finds an entry by.
func attributes(indexURL string) map[string]string {
	return map[string]string{"xdg:schema": schema, "url": indexURL}
}

// Get searches all collections, as libsecret does.
func (s secretService) Get(ctx context.Context, indexURL string) (config.Secret, error) {
	var token config.Secret
	err := s.connected(ctx, func(c *connection) error {
		unlocked, locked, err := c.find(ctx, indexURL)
		if err != nil {
			return err
		}
		if len(unlocked) == 0 {
			if err := c.unlock(ctx, locked[0]); err != nil {
				return err
			}
			unlocked = locked
		}
		session, err := c.session()
		if err != nil {
			return err
		}
		var secret ss.Secret
		if err := c.call(unlocked[0], item+".GetSecret", session).Store(&secret); err != nil {
			return c.failed("cannot read the token from", unlocked[0], err)
		}
		token = config.NewSecret(string(secret.Value))
		clear(secret.Value)
		return nil
	})
	return token, err
}

// Set stores the token in the default collection, and replaces an entry with the
// same attributes.
func (s secretService) Set(ctx context.Context, indexURL, name string, token config.Secret) error {
	return s.connected(ctx, func(c *connection) error {
		session, err := c.session()
		if err != nil {
			return err
		}
		properties := map[string]dbus.Variant{
			item + ".Label":      dbus.MakeVariant(labelPrefix + cmp.Or(name, indexURL)),
			item + ".Attributes": dbus.MakeVariant(attributes(indexURL)),
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
		switch {
		case err != nil:
			return c.failed("cannot store the token in", defaultCollection, err)
		case created == nothing && prompt == nothing:
			return errors.New("the Secret Service has not stored the token")
		}
		return c.prompt(ctx, prompt)
	})
}

// Delete removes the entry from all collections, as libsecret does.
func (s secretService) Delete(ctx context.Context, indexURL string) error {
	removed := false
	return s.connected(ctx, func(c *connection) error {
		unlocked, locked, err := c.find(ctx, indexURL)
		if err == credential.ErrNotFound && removed {
			return nil
		}
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
				return c.failed("cannot remove the token from", path, err)
			}
			if err := c.prompt(ctx, prompt); err != nil {
				return err
			}
			removed = true
		}
		return nil
	})
}

// Locked reports whether the default collection is locked.
func (s secretService) Locked(ctx context.Context) (locked bool, err error) {
	err = s.connected(ctx, func(c *connection) (err error) {
		locked, err = c.locked()
		return err
	})
	return locked, err
}

// find returns at least one entry, or an error. GNOME Keyring finds nothing in a
// collection that was never unlocked, so find unlocks the default collection before
// it says that an entry is missing.
func (c *connection) find(ctx context.Context, indexURL string) (unlocked, locked []dbus.ObjectPath, err error) {
	unlocked, locked, err = c.search(indexURL)
	if err != nil || len(unlocked)+len(locked) > 0 {
		return unlocked, locked, err
	}
	isLocked, err := c.locked()
	if err == nil && isLocked {
		if err = c.unlock(ctx, defaultCollection); err == nil {
			unlocked, locked, err = c.search(indexURL)
		}
	}
	if err == nil && len(unlocked)+len(locked) == 0 {
		err = credential.ErrNotFound
	}
	return unlocked, locked, err
}

func (c *connection) search(indexURL string) (unlocked, locked []dbus.ObjectPath, err error) {
	if err := c.call(servicePath, service+".SearchItems", attributes(indexURL)).Store(&unlocked, &locked); err != nil {
		return nil, nil, c.failed("cannot search", servicePath, err)
	}
	return unlocked, locked, nil
}

// locked reports whether the default collection is locked.
func (c *connection) locked() (bool, error) {
	var locked bool
	err := c.call(defaultCollection, "org.freedesktop.DBus.Properties.Get", collection, "Locked").Store(&locked)
	if err != nil {
		return false, c.failed("cannot reach the default collection of", defaultCollection, err)
	}
	return locked, nil
}

// session opens the session in which secrets travel. They travel unencrypted: only
// the user's own programs are on the user's bus, and dial accepts none over a network.
func (c *connection) session() (dbus.ObjectPath, error) {
	var output dbus.Variant
	var session dbus.ObjectPath
	err := c.call(servicePath, service+".OpenSession", "plain", dbus.MakeVariant("")).Store(&output, &session)
	if err != nil {
		return "", c.failed("cannot open a session with", servicePath, err)
	}
	return session, nil
}

// failed says what could not be done to an object. A missing service or collection is
// [ErrUnavailable]; a service that does not answer is [ErrNoAnswer].
func (c *connection) failed(what string, path dbus.ObjectPath, err error) error {
	switch {
	case isGone(err) && !c.options.seen.service.Load():
		return unavailablef("no Secret Service runs in this session; start one, such as gnome-keyring, KWallet or KeePassXC")
	case isGone(err):
		return errGone
	case isMissing(err) && path == defaultCollection && !c.options.seen.collection.Load():
		return errNoCollection
	case c.timedOut():
		return silent("the Secret Service")
	}
	return fmt.Errorf("%s the Secret Service: %w", what, err)
}

func isError(err error, names ...string) bool {
	var failure dbus.Error
	return errors.As(err, &failure) && slices.Contains(names, failure.Name)
}

func isLocked(err error) bool { return isError(err, "org.freedesktop.Secret.Error.IsLocked") }

// isGone reports whether the bus says that no service runs.
func isGone(err error) bool {
	return isError(err, "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner",
		"org.freedesktop.DBus.Error.Spawn.ServiceNotFound")
}

// isMissing reports whether the service says that it has no such object.
func isMissing(err error) bool {
	return isError(err, "org.freedesktop.DBus.Error.UnknownObject", "org.freedesktop.DBus.Error.UnknownMethod",
		"org.freedesktop.Secret.Error.NoSuchObject")
}

func silent(what string) error {
	return outcome{fmt.Errorf("%s does not answer within %v; log in to the desktop again", what, patience), ErrNoAnswer}
}

var errNoCollection = outcome{errors.New("the Secret Service has no default collection; create one, for example with Seahorse"), ErrUnavailable}

// connection is a connection to the session's bus. When it takes too long it is
// closed, which ends all calls.
type connection struct {
	ctx     context.Context
	bus     *dbus.Conn
	options *Options
	// impatience closes the connection after patience.
	impatience *time.Timer
}

var errTooLong = errors.New("it takes too long")

// connected calls do with a connection to the bus. It calls do once more if the
// collection or the entry is missing: while another program stores something, GNOME
// Keyring denies for a moment that it has a collection, and an entry may have been
// replaced since the search.
func (s secretService) connected(ctx context.Context, do func(*connection) error) error {
	address, err := busAddress(s.options.Environ)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := &connection{ctx: ctx, options: s.options, impatience: time.AfterFunc(patience, func() { cancel(errTooLong) })}
	defer c.impatience.Stop()
	c.bus, err = dial(ctx, address)
	isFull := errors.Is(err, syscall.EAGAIN) // it does not accept connections
	switch {
	case isAbsent(err):
		return unavailablef("cannot connect to the session's D-Bus (%s): %v", address, err)
	case err == nil:
		defer c.bus.Close()
		if err = c.bus.Auth(nil); err == nil {
			err = c.bus.Hello()
		}
	}
	switch {
	case isFull, err != nil && c.timedOut():
		return silent("the session's D-Bus (" + address + ")")
	case err != nil:
		return fmt.Errorf("cannot talk to the session's D-Bus (%s): %w", address, system.Error(err))
	}
	if err = do(c); err == errNoCollection || isMissing(err) {
		time.Sleep(100 * time.Millisecond)
		err = do(c)
	}
	return err
}

// errNoAddress means that the address, such as "disabled:", is none of a bus.
var errNoAddress = errors.New("that is no address of a bus")

// dial connects to the first of several addresses that answers, on this machine only.
// If none does, it returns the error of one that may have a bus.
func dial(ctx context.Context, addresses string) (bus *dbus.Conn, err error) {
	for address := range strings.SplitSeq(addresses, ";") {
		var failed error
		switch transport, _, _ := strings.Cut(address, ":"); transport {
		case "unix":
			if bus, failed = dbus.Dial(address, dbus.WithContext(ctx)); failed == nil {
				return bus, nil
			}
		case "tcp", "nonce-tcp", "unixexec", "launchd", "systemd":
			failed = fmt.Errorf("addresses with `%s:` are not supported", transport)
		default:
			failed = errNoAddress
		}
		if err == nil || isAbsent(err) {
			err = failed
		}
	}
	return nil, err
}

// isAbsent reports whether an error of dial means that no bus is at the address.
// Other errors, such as a refused permission, say that one may be.
func isAbsent(err error) bool {
	return err != nil && (err == errNoAddress || errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ECONNREFUSED))
}

func (c *connection) timedOut() bool { return context.Cause(c.ctx) == errTooLong }

func (c *connection) call(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	call := c.bus.Object(serviceName, path).Call(method, 0, args...)
	if call.Err == nil || errors.As(call.Err, new(dbus.Error)) && !isGone(call.Err) {
		c.options.seen.service.Store(true)
	}
	if call.Err == nil && path == defaultCollection {
		c.options.seen.collection.Store(true)
	}
	return call
}

// busAddress returns the address of the session's bus. It starts none: a secret store
// in a session of its own would be useless.
func busAddress(environ []string) (string, error) {
	address, _ := system.LookupEnv(environ, "DBUS_SESSION_BUS_ADDRESS")
	if address != "" && !strings.HasPrefix(address, "autolaunch:") {
		return address, nil
	}
	if dir, _ := system.LookupEnv(environ, "XDG_RUNTIME_DIR"); dir != "" {
		socket := filepath.Join(dir, "bus")
		if _, err := os.Stat(socket); err == nil {
			return "unix:path=" + dbus.EscapeBusAddressValue(socket), nil
		}
	}
	return "", unavailablef("there is no D-Bus session, in which a Secret Service would be " +
		"(DBUS_SESSION_BUS_ADDRESS is not set); log in to a desktop, or run the command under `dbus-run-session`")
}

const (
	promptInterface = "org.freedesktop.Secret.Prompt"
	// ownerChanged is the bus's signal that a program has left it.
	ownerChanged = "org.freedesktop.DBus.NameOwnerChanged"
)

const howToUnlock = "log in to the desktop, or unlock it with `gnome-keyring-daemon --unlock`, and try again"

var (
	errLocked    = errors.New("the keyring is locked, and there is no display or terminal to ask for its password; " + howToUnlock)
	errDismissed = errors.New("the keyring stays locked: the prompt was dismissed, or could not be shown; " + howToUnlock)
	errNoPrompt  = errors.New("the Secret Service asks for a confirmation, and there is no display or terminal for that; log in to the desktop and try again")
	errDeclined  = errors.New("nothing has been done: the prompt was dismissed, or could not be shown")
	errGone      = errors.New("the Secret Service went away")
)

// unlock unlocks a collection or an entry. The service may ask a person.
func (c *connection) unlock(ctx context.Context, path dbus.ObjectPath) error {
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := c.call(servicePath, service+".Unlock", []dbus.ObjectPath{path}).Store(&unlocked, &prompt); err != nil {
		return c.failed("cannot unlock", path, err)
	}
	switch err := c.prompt(ctx, prompt); err {
	case errNoPrompt:
		return errLocked
	case errDeclined:
		return errDismissed
	default:
		return err
	}
}

// prompt lets the service ask a person, and waits for the answer. Package
// secret_service waits without end, and does not tell that the person declined.
func (c *connection) prompt(ctx context.Context, prompt dbus.ObjectPath) error {
	if prompt == nothing {
		return nil
	}
	if !c.options.canPrompt() {
		return errNoPrompt
	}
	answers := make(chan *dbus.Signal, 8)
	c.bus.Signal(answers)
	for _, signal := range [][]dbus.MatchOption{
		{dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(promptInterface)},
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, serviceName)},
	} {
		if err := c.bus.AddMatchSignal(signal...); err != nil {
			return c.failed("cannot watch the prompt of", prompt, err)
		}
	}
	if err := c.call(prompt, promptInterface+".Prompt", "").Err; err != nil {
		return c.failed("cannot show the prompt of", prompt, err)
	}
	// A person may take longer than the service.
	c.impatience.Stop()
	defer c.impatience.Reset(patience)
	ctx, cancel := context.WithTimeout(ctx, c.options.UnlockTimeout)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			// When the connection closes, the service takes its question back.
			// Dismissing it makes GNOME Keyring 42 abort at the next question.
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("the keyring's prompt was not answered within %v", c.options.UnlockTimeout.Round(time.Millisecond))
			}
			return context.Cause(ctx)
		case answer, open := <-answers:
			switch {
			case !open || answer.Name == ownerChanged:
				return errGone
			case answer.Path != prompt || answer.Name != promptInterface+".Completed":
				continue
			case len(answer.Body) > 0 && answer.Body[0] == true:
				return errDeclined
			}
			return nil
		}
	}
}
