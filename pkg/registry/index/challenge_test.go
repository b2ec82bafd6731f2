package index

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cargo-auth/cargo-auth/internal/weburl"
)

func TestLoginURL(t *testing.T) {
	for _, test := range []struct {
		headers []string
		want    string
	}{
		{nil, ""},
		{[]string{`Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`cargo LOGIN_URL="https://l/x"`}, "https://l/x"},
		{[]string{`Basic realm="a"`, `Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Basic realm="a", Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/x", Basic realm="a"`}, "https://l/x"},
		{[]string{`Basic, Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Cargo a=b, Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/1", login_url="https://l/2"`}, "https://l/2"},
		{[]string{`Cargo login_url="https://l/1"`, `Cargo login_url="https://l/2"`}, "https://l/2"},
		{[]string{`Cargo login_url="https://l/\"x\\"`}, "https://l/%22x/"},
		{[]string{`Cargo login_url="HTTPS://L:443/../x y"`}, "https://l/x%20y"},
		{[]string{`Cargo login_url ="https://l/x"`}, "https://l/x"},
		{[]string{`Cargo login_url= "https://l/x" , foo=bar`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/x",, foo=bar`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/x",`}, "https://l/x"},
		{[]string{` ,, Cargo login_url="https://l/x"`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/x", foo`}, "https://l/x"},
		{[]string{`Cargo login_url="https://l/x", foo bar`}, "https://l/x"},
		{[]string{"Cargo login_url=\"https://l/\tx\""}, "https://l/x"},

		{[]string{`Cargo`}, ""},
		{[]string{`Cargo  login_url="https://l/x"`}, ""},
		{[]string{"Cargo\tlogin_url=\"https://l/x\""}, ""},
		{[]string{`Cargo login_url=https://l/x`}, ""},
		{[]string{`Cargo login_url="https://l/x`}, ""},
		{[]string{`Cargo login_url="https://l/x" foo="y"`}, ""},
		{[]string{`Cargo login_url="https://l/x", foo=`}, ""},
		{[]string{`Cargo login_url="https://l/x", Basic @`}, ""},
		{[]string{`Cargo login_url="https://l/é"`}, ""},
		{[]string{"Cargo login_url=\"https://l/\x7f\""}, ""},
		{[]string{`Cargo, login_url="https://l/x"`}, ""},
		{[]string{`Cargo ,login_url="https://l/x"`}, ""},
		{[]string{`Basic Cargo login_url="https://l/x"`}, ""},
		{[]string{`Negotiate abc==, Cargo login_url="https://l/x"`}, ""},
		{[]string{`Basic realm="é", Cargo login_url="https://l/x"`}, ""},
		{[]string{`@@@, Cargo login_url="https://l/x"`}, ""},

		{[]string{`Cargo login_url=foo`}, "invalid url `foo`: relative URL without a base"},
		{[]string{`Cargo login_url=""`}, "invalid url ``: relative URL without a base"},
		{[]string{`Cargo login_url="rel"`, `Cargo login_url="https://l/x"`}, "invalid url `rel`: relative URL without a base"},
	} {
		got, err := loginURL(test.headers)
		if err != nil {
			got = err.Error()
		}
		expect(t, fmt.Sprintf("%q", test.headers), got, test.want)
	}
}

func FuzzLoginURL(f *testing.F) {
	for _, seed := range []string{
		`Cargo login_url="https://l/\"x"`, `Basic realm="a", Cargo login_url=x, b="`, `Negotiate abc==, Cargo`, ` ,,Cargo a = b ,`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		found, err := loginURL([]string{header})
		if err != nil || found == "" {
			return
		}
		if _, err := weburl.Parse(found); err != nil {
			t.Fatalf("%q gives %q: %v", header, found, err)
		}
		if strings.ContainsFunc(found, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("%q gives %q", header, found)
		}
	})
}
