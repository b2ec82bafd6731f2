//go:build linux

package secretservice

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Answer is what a person does when the desktop asks to unlock a keyring.
type Answer struct {
	// Password is typed; with an empty one the prompt is dismissed.
	Password string
	// Absent is a person who does not answer at all.
	Absent bool
	// Before is called, unless it is nil, when the prompt has appeared.
	Before func()
}

const (
	prompterName      = "org.gnome.keyring.SystemPrompter"
	prompterPath      = dbus.ObjectPath("/org/gnome/keyring/Prompter")
	prompterInterface = "org.gnome.keyring.internal.Prompter"
)

// Prompter puts a person into the session who answers every prompt of the
// keyring's in the same way. It takes the place of GNOME's own prompter, which
// would need a display, and speaks its protocol. The person leaves when end is
// called.
func (s *Session) Prompter(answer Answer) (end func() error, err error) {
	bus, err := dbus.Connect(s.address)
	if err != nil {
		return nil, err
	}
	reply, err := bus.RequestName(prompterName, dbus.NameFlagDoNotQueue)
	if err == nil && reply != dbus.RequestNameReplyPrimaryOwner {
		err = errors.New("there is a prompter already")
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

// serve answers one call. What it tells the keyring comes behind the reply, since
// the keyring does not expect it before.
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

// prime is that of the 1536-bit group of RFC 3526, whose generator is 2.
var prime, _ = new(big.Int).SetString(
	"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"+
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"+
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"+
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA237327FFFFFFFFFFFFFFFF", 16)

// seal encrypts a password for the keyring, whose key is in the exchange, by the
// method sx-aes-1.
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
