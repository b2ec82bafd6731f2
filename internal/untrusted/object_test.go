package untrusted_test

import (
	"encoding/json"
	"testing"

	"github.com/cargo-auth/cargo-auth/internal/untrusted"
)

type fields struct {
	token        string
	name         *string
	list, causes []string
	number       int64
	yes          bool
}

func read(text string) (fields, error) {
	o := untrusted.ParseObject([]byte(text))
	f := fields{
		token: o.String("token"), name: o.OptionalString("name"),
		list: o.OptionalStrings("list"), causes: o.OptionalStrings("causes"), yes: o.Has("yes") && o.Bool("yes"),
	}
	if o.Has("number") {
		f.number = o.Int("number")
	}
	if o.Has("inner") {
		o.Object("inner")
	}
	return f, o.Err()
}

func TestWhatIsNoObjectOfTheFormIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		``:                                    "the text is empty",
		`{"token":"t"} x`:                     "invalid character 'x' after top-level value",
		`{"token":"t"`:                        "unexpected end of JSON input",
		`["t"]`:                               "the text is not a JSON object",
		`null`:                                "the text is not a JSON object",
		"{\"token\":\"\xff\"}":                "the text is not valid UTF-8",
		`{}`:                                  "the field `token` is missing",
		`{"Token":"t"}`:                       "the field `token` is missing",
		`{"token":"t","token":"u"}`:           "the field `token` occurs twice",
		`{"token":"t","\u0074oken":"u"}`:      "the field `token` occurs twice",
		`{"token":null}`:                      "the field `token` is not a string",
		`{"token":"\ud800"}`:                  "the field `token` is not a string",
		`{"token":1}`:                         "the field `token` is not a string",
		`{"token":"t","name":1}`:              "the field `name` is not a string",
		`{"token":"t","list":{}}`:             "the field `list` is not a list of strings",
		`{"token":"t","list":["a",null]}`:     "the field `list` is not a list of strings",
		`{"token":"t","causes":[null]}`:       "the field `causes` is not a list of strings",
		`{"token":"t","number":1.5}`:          "the field `number` is not a whole number",
		`{"token":"t","number":"1"}`:          "the field `number` is not a whole number",
		`{"token":"t","yes":null}`:            "the field `yes` is not true or false",
		`{"token":"t","inner":[]}`:            "the field `inner`: the text is not a JSON object",
		`{"token":"t","inner":{"a":1,"a":1}}`: "the field `inner`: the field `a` occurs twice",
	} {
		if _, err := read(text); err == nil || err.Error() != want {
			t.Errorf("%s: the error is %v, want %s", text, err, want)
		}
	}
}

func TestWhatAFieldHolds(t *testing.T) {
	f, err := read(` {"TOKEN":"no","later":[null,{"a":1}],"token":"null é\u00e9","name":null,"list":["�"],"causes":["a"],"number":-5,"yes":true} `)
	if err != nil {
		t.Fatal(err)
	}
	if f.token != "null éé" || f.name != nil || len(f.causes) != 1 || f.causes[0] != "a" || f.number != -5 || !f.yes {
		t.Errorf("read %+v", f)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,null]},"c":"d"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o := untrusted.ParseObject(text)
		if o.Err() != nil {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil || o.Len() != len(want) {
			t.Errorf("%q is read as %d fields; encoding/json says %d, %v", text, o.Len(), len(want), err)
		}
	})
}
