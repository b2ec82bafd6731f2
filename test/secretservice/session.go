//go:build linux

// Package secretservice runs GNOME Keyring for a test, with its own bus and its own
// home, so that no real desktop is involved.
package secretservice

import (
	"bufio"
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/cargo-auth/cargo-auth/pkg/keyring"
)

// Missing returns the first program that a Session needs and that is not
// installed, or "".
func Missing() string {
	for _, program := range []string{"dbus-daemon", "gnome-keyring-daemon", "secret-tool", "dbus-monitor"} {
		if _, err := exec.LookPath(program); err != nil {
			return program + " (Debian packages dbus, gnome-keyring, libsecret-tools)"
		}
	}
	return ""
}

// Session is a desktop session. At first only a bus runs in it.
type Session struct {
	// Environ is the environment for programs in the session.
	Environ []string
	// Keyring is the running daemon, or nil.
	Keyring *exec.Cmd

	bus     *exec.Cmd
	address string
}

// config is for a bus that starts no services itself.
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

// Start starts a bus in a new directory. Its path must be short, because a
// socket's path has at most about a hundred characters.
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

// StartKeyring starts the daemon and waits until it answers. With an empty
// password the collection is locked; otherwise the password unlocks it. The first
// password becomes the collection's own.
func (s *Session) StartKeyring(password string) error {
	store, err := s.Store()
	if err != nil {
		return err
	}
	// On a busy machine the daemon may give up on the bus, and then run without it.
	for range 4 {
		s.Keyring = exec.Command("gnome-keyring-daemon", "--foreground", "--components=secrets")
		if password != "" {
			s.Keyring.Args = append(s.Keyring.Args, "--unlock")
			s.Keyring.Stdin = strings.NewReader(password)
		}
		s.Keyring.Env = s.Environ
		if err := s.Keyring.Start(); err != nil {
			return err
		}
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if _, err = store.Locked(context.Background()); err == nil {
				return nil
			}
		}
		_ = s.StopKeyring()
	}
	return fmt.Errorf("the keyring daemon does not answer: %w", err)
}

// Store opens the session's secret store with the library.
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

// Close stops the daemon and the bus.
func (s *Session) Close() error { return errors.Join(s.StopKeyring(), s.StopBus()) }

// Entries returns Cargo's entries as secret-tool prints them, without the times.
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

// Answer is what a person does at the prompt to unlock a keyring.
type Answer struct {
	// Password is what the person types. If it is empty, the prompt is dismissed.
	Password string
	// Absent means that the person never answers.
	Absent bool
	// Before, unless it is nil, is called when the prompt appears.
	Before func()
}

const (
	prompterName      = "org.gnome.keyring.SystemPrompter"
	prompterPath      = dbus.ObjectPath("/org/gnome/keyring/Prompter")
	prompterInterface = "org.gnome.keyring.internal.Prompter"
)

// Prompter adds a person to the session who gives every prompt of the keyring the
// same answer. It replaces GNOME's own prompter, which would need a display, and
// speaks its protocol. Call end to make the person leave.
func (s *Session) Prompter(answer Answer) (end func() error, err error) {
	bus, err := dbus.Connect(s.address)
	if err != nil {
		return nil, err
	}
	reply, err := bus.RequestName(prompterName, dbus.NameFlagDoNotQueue)
	if err == nil && reply != dbus.RequestNameReplyPrimaryOwner {
		err = errors.New("the session already has a prompter")
	}
	if err != nil {
		bus.Close()
		return nil, err
	}
	calls := make(chan *dbus.Message, 8)
	bus.Eavesdrop(calls)
	go func() {
		for call := range calls {
			if path, _ := call.Headers[dbus.FieldPath].Value().(dbus.ObjectPath); path == prompterPath {
				serve(bus, call, answer)
			}
		}
	}()
	return bus.Close, nil
}

// serve answers one call. It calls the keyring back only after its reply, because
// the keyring expects that order.
func serve(bus *dbus.Conn, call *dbus.Message, answer Answer) {
	sender, _ := call.Headers[dbus.FieldSender].Value().(string)
	method, _ := call.Headers[dbus.FieldMember].Value().(string)
	bus.Send(&dbus.Message{Type: dbus.TypeMethodReply, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldReplySerial: dbus.MakeVariant(call.Serial()),
		dbus.FieldDestination: dbus.MakeVariant(sender),
	}}, nil)
	if len(call.Body) == 0 {
		return
	}
	callback, _ := call.Body[0].(dbus.ObjectPath)
	tell := func(method string, args ...any) {
		bus.Object(sender, callback).Go(prompterInterface+".Callback."+method, dbus.FlagNoReplyExpected, nil, args...)
	}
	ready := func(reply, exchange string) { tell("PromptReady", reply, map[string]dbus.Variant{}, exchange) }
	switch method {
	case "BeginPrompting":
		ready("", "")
	case "PerformPrompt":
		if answer.Before != nil {
			answer.Before()
		}
		if answer.Absent {
			return
		}
		exchange, _ := call.Body[len(call.Body)-1].(string)
		secret, err := seal(exchange, answer.Password)
		if answer.Password == "" || err != nil {
			ready("no", secret)
		} else {
			ready("yes", secret)
		}
	case "StopPrompting":
		tell("PromptDone")
	}
}

// prime is the prime of the 1536-bit group of RFC 3526. The generator is 2.
var prime, _ = new(big.Int).SetString(
	"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"+
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"+
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"+
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA237327FFFFFFFFFFFFFFFF", 16)

// seal encrypts a password for the keyring by the method sx-aes-1. The exchange
// contains the keyring's key.
func seal(exchange, password string) (string, error) {
	_, encoded, _ := strings.Cut(exchange, "public=")
	encoded, _, _ = strings.Cut(encoded, "\n")
	theirs, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(theirs) == 0 {
		return "", fmt.Errorf("no key in the exchange %q: %w", exchange, err)
	}
	private, err := rand.Int(rand.Reader, prime)
	if err != nil {
		return "", err
	}
	public := new(big.Int).Exp(big.NewInt(2), private, prime)
	shared := new(big.Int).Exp(new(big.Int).SetBytes(theirs), private, prime)
	key, err := hkdf.Key(sha256.New, shared.FillBytes(make([]byte, prime.BitLen()/8)), nil, "", aes.BlockSize)
	if err != nil {
		return "", err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	iv := make([]byte, aes.BlockSize)
	if _, err := rand.Read(iv); err != nil {
		return "", err
	}
	padding := aes.BlockSize - len(password)%aes.BlockSize
	text := append([]byte(password), bytes.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("[sx-aes-1]\npublic=%s\nsecret=%s\niv=%s\n", encode(public.Bytes()), encode(text), encode(iv)), nil
}
