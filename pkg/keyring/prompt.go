//go:build unix && !darwin

package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	promptInterface = "org.freedesktop.Secret.Prompt"
	// ownerChanged is the bus's signal that somebody has gone.
	ownerChanged = "org.freedesktop.DBus.NameOwnerChanged"
)

var (
	errLocked = errors.New("the keyring is locked, and there is nobody here to unlock it; " +
		"log in to the desktop, or unlock it with `gnome-keyring-daemon --unlock`, and try again")
	errDismissed = errors.New("the keyring stays locked: the prompt was dismissed")
)

// unlock asks the service to unlock a collection or an entry, which may ask a
// person.
func (c *connection) unlock(ctx context.Context, path dbus.ObjectPath) error {
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := c.call(servicePath, service+".Unlock", []dbus.ObjectPath{path}).Store(&unlocked, &prompt); err != nil {
		return c.failed("cannot unlock", err)
	}
	if canPrompt := c.options.CanPrompt; prompt != noPrompt && (canPrompt == nil || !canPrompt()) {
		return errLocked
	}
	return c.prompt(ctx, prompt)
}

// prompt has the service ask a person, and waits for the answer. The package
// secret_service would wait for ever, and not say that the person declined.
func (c *connection) prompt(ctx context.Context, prompt dbus.ObjectPath) error {
	if prompt == noPrompt {
		return nil
	}
	c.impatience.Stop()
	answers := make(chan *dbus.Signal, 8)
	c.bus.Signal(answers)
	for _, signal := range [][]dbus.MatchOption{
		{dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(promptInterface)},
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, serviceName)},
	} {
		if err := c.bus.AddMatchSignal(signal...); err != nil {
			return c.failed("cannot watch the prompt of", err)
		}
	}
	if err := c.call(prompt, promptInterface+".Prompt", "").Err; err != nil {
		return c.failed("cannot show the prompt of", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.UnlockTimeout)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			// The service takes its question back when the connection closes. To
			// dismiss it makes GNOME Keyring 42 abort at its next question.
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("nobody unlocked the keyring within %v", c.options.UnlockTimeout.Round(time.Millisecond))
			}
			return context.Cause(ctx)
		case answer, open := <-answers:
			if !open || answer.Name == ownerChanged {
				return errors.New("the Secret Service went away while it asked to unlock the keyring")
			}
			if answer.Path != prompt || answer.Name != promptInterface+".Completed" {
				continue
			}
			if dismissed, ok := answer.Body[0].(bool); ok && dismissed {
				return errDismissed
			}
			return nil
		}
	}
}
