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

const howToUnlock = "log in to the desktop, or unlock it with `gnome-keyring-daemon --unlock`, and try again"

var (
	errLocked    = errors.New("the keyring is locked, and there is nobody here to unlock it; " + howToUnlock)
	errDismissed = errors.New("the keyring stays locked: the prompt was dismissed, or could not be shown; " + howToUnlock)
	errNobody    = errors.New("the Secret Service wants to ask somebody, and there is nobody here; log in to the desktop and try again")
	errDeclined  = errors.New("nothing has been done: the prompt was dismissed, or could not be shown")
	errGone      = errors.New("the Secret Service went away while it asked")
)

// unlock asks the service to unlock a collection or an entry, which may ask a
// person.
func (c *connection) unlock(ctx context.Context, path dbus.ObjectPath) error {
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := c.call(servicePath, service+".Unlock", []dbus.ObjectPath{path}).Store(&unlocked, &prompt); err != nil {
		return c.failed("cannot unlock", err)
	}
	switch err := c.prompt(ctx, prompt); err {
	case errNobody:
		return errLocked
	case errDeclined:
		return errDismissed
	default:
		return err
	}
}

// prompt has the service ask a person, and waits for the answer. The package
// secret_service would wait for ever, and not say that the person declined.
func (c *connection) prompt(ctx context.Context, prompt dbus.ObjectPath) error {
	if prompt == noPrompt {
		return nil
	}
	if canPrompt := c.options.CanPrompt; canPrompt == nil || !canPrompt() {
		return errNobody
	}
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
	// A person has longer than the service.
	c.impatience.Stop()
	defer c.impatience.Reset(patience)
	ctx, cancel := context.WithTimeout(ctx, c.options.UnlockTimeout)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			// The service takes its question back when the connection closes. To
			// dismiss it makes GNOME Keyring 42 abort at its next question.
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("nobody answered the keyring's prompt within %v", c.options.UnlockTimeout.Round(time.Millisecond))
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
