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
		again, err := decodeRequest(r.appendJSON(nil))
		if known := r.Kind == kindLogin || r.Kind == kindLogout || r.Kind == kindGet && operationFields(r.Operation.Kind) != nil; !known {
			return
		}
		if err != nil || !bytes.Equal(again.appendJSON(nil), r.appendJSON(nil)) {
			t.Errorf("%s: read %+v, then %+v, %v", line, r, again, err)
		}
	})
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte(`{"Ok":{"kind":"get","token":"t","cache":"expires","expiration":1693928537,"operation_independent":true}}`))
	f.Add([]byte(`{"Ok":["login"]}`))
	f.Add([]byte(`{"Err":{"kind":"other","message":"m","caused-by":["c"]}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := decodeResponse(readOne(t, line))
		if err != nil {
			return
		}
		_ = r.describe()
		if r.unknownCache || r.Err == ErrUnknownKind {
			return
		}
		again, err := decodeResponse(r.appendJSON(nil))
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%s: read %+v, then %+v, %v", line, r, again, err)
		}
	})
}

func FuzzGreeting(f *testing.F) {
	f.Add([]byte(`{"v":[1,2]}`))
	f.Add([]byte(`[[1]]`))
	f.Fuzz(func(t *testing.T, line []byte) {
		g, err := decodeGreeting(readOne(t, line))
		if err != nil {
			return
		}
		again, err := decodeGreeting(g.appendJSON(nil))
		if err != nil || !bytes.Equal(again.appendJSON(nil), g.appendJSON(nil)) {
			t.Errorf("%s: read %v, then %v, %v", line, g, again, err)
		}
	})
}

// readOne returns the first line, as either side would read it.
func readOne(t *testing.T, text []byte) []byte {
	line, err := readLine(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		t.Skip()
	}
	return line
}
