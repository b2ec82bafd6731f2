//go:build linux

// Package secretservice runs GNOME Keyring on a bus of its own for a test, in a
// home of its own, so that nobody's desktop takes part.
package secretservice

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

// Missing returns the first of the programs that are not installed that a
// Session needs; empty if none is.
func Missing() string {
	for _, program := range []string{"dbus-daemon", "gnome-keyring-daemon", "secret-tool", "dbus-monitor"} {
		if _, err := exec.LookPath(program); err != nil {
			return program + " (Debian packages dbus, gnome-keyring, libsecret-tools)"
		}
	}
	return ""
}

// Session is a desktop session in which nothing runs but a bus and what is
// started.
type Session struct {
	// Environ is the environment of programs in the session.
	Environ []string
	// Keyring is the running daemon; nil if there is none.
	Keyring *exec.Cmd

	bus     *exec.Cmd
	address string
}

// config is a bus that starts no services by itself.
const config = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// Start starts a bus in a directory that is new and short: the path of a socket
// has at most a hundred characters.
func Start(dir string) (*Session, error) {
	for _, name := range []string{"home", "run"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return nil, err
		}
	}
	file := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, filepath.Join(dir, "bus")), 0o600); err != nil {
		return nil, err
	}
	s := &Session{
		bus: exec.Command("dbus-daemon", "--config-file="+file, "--nofork", "--print-address"),
		Environ: []string{
			"HOME=" + filepath.Join(dir, "home"), "XDG_RUNTIME_DIR=" + filepath.Join(dir, "run"),
			"PATH=" + os.Getenv("PATH"),
		},
	}
	address, err := firstLine(s.bus)
	if err != nil {
		return nil, fmt.Errorf("dbus-daemon: %w", err)
	}
	s.address = address
	s.Environ = append(s.Environ, "DBUS_SESSION_BUS_ADDRESS="+address)
	return s, nil
}

// firstLine starts a program and returns the first line it writes.
func firstLine(cmd *exec.Cmd) (string, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(line), err
}

// StartKeyring starts the daemon with its collection locked, or unlocked with
// the password unless that is empty, and waits until it answers. The first
// password becomes the collection's.
func (s *Session) StartKeyring(password string) error {
	s.Keyring = exec.Command("gnome-keyring-daemon", "--foreground", "--components=secrets")
	if password != "" {
		s.Keyring.Args = append(s.Keyring.Args, "--unlock")
		s.Keyring.Stdin = strings.NewReader(password)
	}
	s.Keyring.Env = s.Environ
	if err := s.Keyring.Start(); err != nil {
		return err
	}
	store, err := s.Store()
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, err = store.Locked(context.Background()); err == nil {
			return nil
		}
	}
	return fmt.Errorf("the keyring's daemon does not answer: %w", err)
}

// Store is the library's view of the session's secret store.
func (s *Session) Store() (keyring.Store, error) {
	return keyring.Open(context.Background(), keyring.Options{Environ: s.Environ})
}

// StopKeyring kills the daemon.
func (s *Session) StopKeyring() error {
	if s.Keyring == nil {
		return nil
	}
	err := s.Keyring.Process.Kill()
	_ = s.Keyring.Wait()
	s.Keyring = nil
	return err
}

// SignalBus sends the bus a signal.
func (s *Session) SignalBus(signal os.Signal) error { return s.bus.Process.Signal(signal) }

// StopBus kills the bus.
func (s *Session) StopBus() error {
	err := s.bus.Process.Kill()
	_ = s.bus.Wait()
	return err
}

// Close ends everything.
func (s *Session) Close() error { return errors.Join(s.StopKeyring(), s.StopBus()) }

// Entries returns what secret-tool finds of Cargo's entries, as it prints them,
// without the times.
func (s *Session) Entries() (string, error) {
	cmd := exec.Command("secret-tool", "search", "--all", "xdg:schema", "org.rust-lang.cargo.registry")
	cmd.Env = s.Environ
	out, err := cmd.CombinedOutput()
	var kept []string
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "[") && !strings.HasPrefix(line, "created") && !strings.HasPrefix(line, "modified") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, ""), err
}
