//go:build linux

package secretservice

import (
	"sync/atomic"

	"github.com/godbus/dbus/v5"
)

// Fake is a Secret Service that does what a real one rarely does. It has one entry,
// with the secret "secret".
type Fake struct {
	// Locked means that a prompt must unlock the entry, Missing that the service
	// does not have it.
	Locked, Missing bool
	// SilentPrompt and SilentSecret are calls that are never answered.
	SilentPrompt, SilentSecret bool
	// Confirm means that storing and deleting ask a person.
	Confirm bool
	// Bare means that a prompt ends without a result.
	Bare bool
	// NoCollection is how many times it says that it has no default collection.
	NoCollection int32
	// Fails has the name of the error that calls of a method end with.
	Fails map[string]string
	// StoresNothing means that it only claims to store an entry.
	StoresNothing bool
}

func (f Fake) failure(method string) *dbus.Error {
	if name := f.Fails[method]; name != "" {
		return dbus.NewError(name, nil)
	}
	return nil
}

const (
	fakeItem    = dbus.ObjectPath("/item")
	fakePrompt  = dbus.ObjectPath("/prompt")
	fakeNothing = dbus.ObjectPath("/")
)

// Serve runs the service in the session until end is called. No other one may run
// there.
func (f Fake) Serve(s *Session) (end func() error, err error) {
	bus, err := dbus.Connect(s.address)
	if err != nil {
		return nil, err
	}
	counted := &fakeCollection{Fake: f}
	collection := dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")
	for _, object := range []struct {
		value any
		path  dbus.ObjectPath
		name  string
	}{
		{fakeService{f}, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service"},
		{fakePrompts{f, bus}, fakePrompt, "org.freedesktop.Secret.Prompt"},
		{fakeItems{f}, fakeItem, "org.freedesktop.Secret.Item"},
		{counted, collection, "org.freedesktop.Secret.Collection"},
		{counted, collection, "org.freedesktop.DBus.Properties"},
	} {
		if err := bus.Export(object.value, object.path, object.name); err != nil {
			return nil, err
		}
	}
	_, err = bus.RequestName("org.freedesktop.secrets", dbus.NameFlagDoNotQueue)
	return bus.Close, err
}

type fakeService struct{ Fake }

func (f fakeService) SearchItems(map[string]string) (unlocked, locked []dbus.ObjectPath, err *dbus.Error) {
	switch {
	case f.Missing:
		return nil, nil, nil
	case f.Locked:
		return nil, []dbus.ObjectPath{fakeItem}, nil
	}
	return []dbus.ObjectPath{fakeItem}, nil, nil
}

func (fakeService) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), "/session", nil
}

func (fakeService) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	return nil, fakePrompt, nil
}

type fakePrompts struct {
	Fake
	bus *dbus.Conn
}

func (f fakePrompts) Prompt(string) *dbus.Error {
	if f.SilentPrompt {
		select {}
	}
	arguments := []any{false, dbus.MakeVariant([]dbus.ObjectPath{})}
	if f.Bare {
		arguments = nil
	}
	if err := f.bus.Emit(fakePrompt, "org.freedesktop.Secret.Prompt.Completed", arguments...); err != nil {
		return dbus.MakeFailedError(err)
	}
	return nil
}

type fakeSecret struct {
	Session           dbus.ObjectPath
	Parameters, Value []byte
	ContentType       string
}

type fakeItems struct{ Fake }

func (f fakeItems) GetSecret(dbus.ObjectPath) (fakeSecret, *dbus.Error) {
	if f.SilentSecret {
		select {}
	}
	return fakeSecret{"/session", []byte{}, []byte("secret"), "text/plain"}, f.failure("GetSecret")
}

func (f fakeItems) Delete() (dbus.ObjectPath, *dbus.Error) {
	return f.confirmation(), f.failure("Delete")
}

func (f Fake) confirmation() dbus.ObjectPath {
	if f.Confirm {
		return fakePrompt
	}
	return fakeNothing
}

type fakeCollection struct {
	Fake
	asked atomic.Int32
}

func (f *fakeCollection) missing() *dbus.Error {
	if f.asked.Add(1) <= f.NoCollection {
		return dbus.NewError("org.freedesktop.DBus.Error.UnknownObject", nil)
	}
	return nil
}

func (f *fakeCollection) CreateItem(map[string]dbus.Variant, fakeSecret, bool) (item, prompt dbus.ObjectPath, err *dbus.Error) {
	if err := f.failure("CreateItem"); err != nil {
		return fakeNothing, fakeNothing, err
	}
	if f.StoresNothing {
		return fakeNothing, fakeNothing, nil
	}
	return fakeItem, f.confirmation(), f.missing()
}

func (f *fakeCollection) Get(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant(f.Locked), f.missing()
}
