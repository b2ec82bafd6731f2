package credential

import (
	"bufio"
	"bytes"
	"reflect"
	"testing"
)

// What can be read, can be written and is then read as the same.

func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"v":1,"registry":{"index-url":"u","name":"n","headers":["h"]},"kind":"get","operation":"publish","name":"n","vers":"1","cksum":"c","args":["a"]}`))
	f.Add([]byte(`{"v":1,"registry":{"index-url":"u"},"kind":"login","token":"\ud83d\ude00","login-url":null}`))
	f.Add([]byte(`{"v":1,"registry":["u","n",["h"]],"kind":"logout"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := decodeRequest(readOne(t, line))
		if err != nil {
			return
		}
		again, err := decodeRequest(encoded(t, r.message()))
		if known := r.Kind == kindLogin || r.Kind == kindLogout || r.Kind == kindGet && r.Operation.Kind != ""; !known {
			return
		}
		if err != nil || !bytes.Equal(encoded(t, again.message()), encoded(t, r.message())) {
			t.Errorf("%s: read %+v, then %+v, %v", line, r, again, err)
		}
	})
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte(`{"Ok":{"kind":"get","token":"t","cache":"expires","expiration":1693928537,"operation_independent":true}}`))
	f.Add([]byte(`{"Ok":{"kind":"login"}}`))
	f.Add([]byte(`{"Err":{"kind":"other","message":"m","caused-by":["c"]}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := decodeResponse(readOne(t, line))
		if err != nil || r.Err == ErrUnknownKind {
			return
		}
		again, err := decodeResponse(encoded(t, r.message()))
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%s: read %+v, then %+v, %v", line, r, again, err)
		}
	})
}

func encoded(t *testing.T, message any) []byte {
	t.Helper()
	var line bytes.Buffer
	err := writeLine(&line, message)
	if err != nil {
		t.Fatal(err)
	}
	return line.Bytes()
}

// readOne returns the first line, as either side would read it.
func readOne(t *testing.T, text []byte) []byte {
	line, err := readLine(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		t.Skip()
	}
	return line
}
