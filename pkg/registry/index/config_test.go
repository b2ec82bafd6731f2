package index

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestParseConfig(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`{"dl":"d"}`, "d, no API, false"},
		{` {"auth-required":true,"api":"a","dl":"d"} `, "d, a, true"},
		{`{"dl":"d","api":null,"v":[1,{"x":[]},"\u12ff",-0.5e+9,{}],"w":1e999}`, "d, no API, false"},
		{`{"dl":"d","API":"x","auth_required":true}`, "d, no API, false"},
		{`{"dl":"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00"}`, "\"\\/\b\f\n\r\tä😀, no API, false"},

		{``, "the text is empty"},
		{`{}`, "the field `dl` is missing"},
		{`{"DL":"d"}`, "the field `dl` is missing"},
		{`{"dl":1}`, "the field `dl` is not a string"},
		{`{"dl":null}`, "the field `dl` is not a string"},
		{`{"dl":"d","api":7}`, "the field `api` is not a string"},
		{`{"dl":"d","api":{"a":1}}`, "the field `api` is not a string"},
		{`{"dl":"d","auth-required":1}`, "the field `auth-required` is not true or false"},
		{`{"dl":"d","auth-required":null}`, "the field `auth-required` is not true or false"},
		{`{"dl":"d","dl":"e"}`, "the field `dl` occurs twice"},
		{`{"dl":"d","api":"x"`, "unexpected end of JSON input"},
		{`{"dl":"d","api":"x"} x`, "invalid character 'x' after top-level value"},
		{`{"dl":01}`, "invalid character '1' after object key:value pair"},
		{"{\"dl\":\"\xff\"}", "the text is not valid UTF-8"},
		{"\ufeff{}", "invalid character 'ï' looking for beginning of value"},
		{`["d","a",true]`, "the text is not a JSON object"},
		{`null`, "the text is not a JSON object"},
	} {
		got, err := parseConfig([]byte(test.text))
		shown := strings.TrimPrefix(fmt.Sprint(err), "config.json: ")
		if err == nil {
			api := "no API"
			if got.API != nil {
				api = *got.API
			}
			shown = fmt.Sprintf("%s, %s, %t", got.Download, api, got.AuthRequired)
		}
		if shown != test.want {
			t.Errorf("%q:\n got %s\nwant %s", test.text, shown, test.want)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	for _, seed := range []string{
		okConfig, `["d","a",true]`, `{"dl":"\ud83d\ude00","x":[{"y":-1.5e3},null],"api":null}`, `{"dl":"d","auth-required":1}`, "[[[[{",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if config, err := parseConfig(data); err == nil && !json.Valid(data) {
			t.Fatalf("%q is accepted as %+v", data, config)
		}
	})
}
