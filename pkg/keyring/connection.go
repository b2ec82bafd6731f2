//go:build unix && !darwin

package keyring

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"
)

// connection is a connection to the session's bus. It is closed when it has
// taken too long, which ends every call on it.
type connection struct {
	bus     *dbus.Conn
	options Options
	// impatience closes the connection after patience.
	impatience *time.Timer
	tooLong    atomic.Bool
}

// connected connects to the bus, and does something with the connection.
func (s secretService) connected(ctx context.Context, do func(*connection) error) error {
	address, err := busAddress(s.Environ)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &connection{options: s.Options}
	c.impatience = time.AfterFunc(patience, func() {
		c.tooLong.Store(true)
		cancel()
	})
	defer c.impatience.Stop()
	c.bus, err = dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		if c.timedOut() {
			return unavailablef("the session's D-Bus (%s) does not answer within %v", address, patience)
		}
		return unavailablef("cannot connect to the session's D-Bus (%s): %v", address, err)
	}
	defer c.bus.Close()
	return do(c)
}

func (c *connection) timedOut() bool { return c.tooLong.Load() }

func (c *connection) call(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return c.bus.Object(serviceName, path).Call(method, 0, args...)
}

var errNoBus = unavailable{errors.New("there is no D-Bus session, in which a Secret Service would be " +
	"(DBUS_SESSION_BUS_ADDRESS is not set); log in to a desktop, or run the command under `dbus-run-session`")}

// busAddress returns where the session's bus is. None is started: a secret
// store in a session of its own would be of no use.
func busAddress(environ []string) (string, error) {
	address := lookup(environ, "DBUS_SESSION_BUS_ADDRESS")
	if address != "" && !strings.HasPrefix(address, "autolaunch:") {
		return address, nil
	}
	if dir := lookup(environ, "XDG_RUNTIME_DIR"); dir != "" {
		socket := filepath.Join(dir, "bus")
		if _, err := os.Stat(socket); err == nil {
			return "unix:path=" + dbus.EscapeBusAddressValue(socket), nil
		}
	}
	return "", errNoBus
}
