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
		{`["d","a",true]`, "d, a, true"},
		{`["d","a"]`, "d, a, false"},
		{`["d",null,false]`, "d, no API, false"},

		{``, "EOF while parsing a value at line 1 column 0"},
		{"  \n ", "EOF while parsing a value at line 2 column 1"},
		{`{}`, "missing field `dl` at line 1 column 2"},
		{`{"dl":1}`, "invalid type: integer `1`, expected a string at line 1 column 7"},
		{`{"dl":null}`, "invalid type: null, expected a string at line 1 column 10"},
		{`{"dl":"d","api":7}`, "invalid type: integer `7`, expected a string at line 1 column 17"},
		{`{"dl":"d","api":-1}`, "invalid type: integer `-1`, expected a string at line 1 column 18"},
		{`{"dl":"d","api":1.5}`, "invalid type: floating point `1.5`, expected a string at line 1 column 19"},
		{`{"dl":-1.5e300}`, "invalid type: floating point `-1.5e+300`, expected a string at line 1 column 14"},
		{"{\"x\":\"\x17\",\"dl\":\"d\"}", `control character (\u0000-\u001F) found while parsing a string at line 1 column 6`},
		{"{\"83d\\u\x11\x11\x11\x11\x11dl\":\"d\"}", "invalid escape at line 1 column 11"},
		{"{\"\xff\":1,\"dl\":\"d\"}", "invalid unicode code point at line 1 column 4"},
		{"{\"x\":\"\xff\",\"dl\":\"d\"}", "d, no API, false"},
		{`{"dl":"d","api":true}`, "invalid type: boolean `true`, expected a string at line 1 column 20"},
		{`{"dl":"d","api":[1]}`, "invalid type: sequence, expected a string at line 1 column 16"},
		{`{"dl":"d","api":{"a":1}}`, "invalid type: map, expected a string at line 1 column 16"},
		{`{"dl":"d","auth-required":1}`, "invalid type: integer `1`, expected a boolean at line 1 column 27"},
		{`{"dl":"d","auth-required":null}`, "invalid type: null, expected a boolean at line 1 column 30"},
		{`{"dl":"d","auth-required":"y\n"}`, `invalid type: string "y\n", expected a boolean at line 1 column 31`},
		{`{"dl":"d","dl":"e"}`, "duplicate field `dl` at line 1 column 14"},
		{`{"dl":"d","api":"x","v2":true,"api":"y"}`, "duplicate field `api` at line 1 column 35"},
		{`{"dl":"d","api":"x"`, "EOF while parsing an object at line 1 column 19"},
		{`{"dl":"d","api":"x"} x`, "trailing characters at line 1 column 22"},
		{`{"dl":"d",}`, "trailing comma at line 1 column 11"},
		{"{\"dl\":\"d\"\n\"api\":1}", "expected `,` or `}` at line 2 column 1"},
		{`{"dl":"d"]`, "expected `,` or `}` at line 1 column 10"},
		{`{"dl":tru}`, "expected ident at line 1 column 10"},
		{`{dl:1}`, "key must be a string at line 1 column 2"},
		{`{"dl" 1}`, "expected `:` at line 1 column 7"},
		{`{"dl":01}`, "invalid number at line 1 column 8"},
		{`{"dl":"\x"}`, "invalid escape at line 1 column 9"},
		{`{"dl":"d","z":"\u12"}`, "invalid escape at line 1 column 21"},
		{`{"dl":"d","api":"\ud800"}`, "unexpected end of hex escape at line 1 column 24"},
		{"{\"dl\":\"a\nb\"}", `control character (\u0000-\u001F) found while parsing a string at line 2 column 0`},
		{"{\"dl\":\"\xff\"}", "invalid unicode code point at line 1 column 9"},
		{"\ufeff{}", "expected value at line 1 column 1"},
		{`{`, "EOF while parsing an object at line 1 column 1"},
		{`{"`, "EOF while parsing a string at line 1 column 2"},
		{`{"dl`, "EOF while parsing a string at line 1 column 4"},
		{`{"dl"`, "EOF while parsing an object at line 1 column 5"},
		{`{"dl":`, "EOF while parsing a value at line 1 column 6"},
		{`{"dl":"x`, "EOF while parsing a string at line 1 column 8"},
		{`[`, "EOF while parsing a list at line 1 column 1"},
		{`[]`, "invalid length 0, expected struct RegistryConfig with 3 elements at line 1 column 2"},
		{`["d"]`, "invalid length 1, expected struct RegistryConfig with 3 elements at line 1 column 5"},
		{`["d",null,true,1]`, "trailing characters at line 1 column 16"},
		{`null`, "invalid type: null, expected struct RegistryConfig at line 1 column 4"},
		{`"x"`, `invalid type: string "x", expected struct RegistryConfig at line 1 column 3`},
		{`1`, "invalid type: integer `1`, expected struct RegistryConfig at line 1 column 1"},
		{`-`, "EOF while parsing a value at line 1 column 1"},
		{`tru`, "EOF while parsing a value at line 1 column 3"},
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
