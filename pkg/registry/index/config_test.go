package index

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestParseConfig(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`{"dl":"d"}`, "d, no API, false"},
		{` {"auth-required":true,"api":"a","dl":"d"} `, "d, a, true"},
		{`{"dl":"d","api":null,"v":[1,{"x":[]},"\u12ff",-0.5e+9,{}],"w":1e999}`, "d, no API, false"},
		{`{"dl":"d","API":"x","auth_required":true}`, "d, no API, false"},
		{`{"dl":"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00"}`, "\"\\/\b\f\n\r\tä😀, no API, false"},

		{``, "config.json is not valid JSON: unexpected end of JSON input"},
		{`{`, "config.json is not valid JSON: unexpected end of JSON input"},
		{`{"dl":"d"} x`, "config.json is not valid JSON: invalid character 'x' after top-level value"},
		{"{\"dl\":\"a\nb\"}", `config.json is not valid JSON: invalid character '\n' in string literal`},
		{"\ufeff{}", "config.json is not valid JSON: invalid character 'ï' looking for beginning of value"},
		{`null`, "config.json is not a JSON object"},
		{`"x"`, "config.json is not a JSON object"},
		{`["d"]`, "config.json is not a JSON object"},
		{`{}`, "config.json has no field `dl`"},
		{`{"dl":1}`, "`dl` in config.json is not text"},
		{`{"dl":null}`, "`dl` in config.json is not text"},
		{"{\"dl\":\"\xff\"}", "`dl` in config.json is not text"},
		{`{"dl":"d","api":{"a":1}}`, "`api` in config.json is not text"},
		{`{"dl":"d","auth-required":1}`, "`auth-required` in config.json is not true or false"},
		{`{"dl":"d","auth-required":null}`, "`auth-required` in config.json is not true or false"},
	} {
		got, err := parseConfig([]byte(test.text))
		shown := fmt.Sprint(err)
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
		config, err := parseConfig(data)
		if err != nil {
			return
		}
		// What is accepted is JSON, but for text that nobody asked for.
		if data[0] == '{' && !json.Valid(data) {
			t.Fatalf("%q is accepted as %+v", data, config)
		}
	})
}
