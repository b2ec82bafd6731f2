package index

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
)

// mostEncodings is how many encodings a body may have, as in curl.
const mostEncodings = 5

// decode undoes the encodings of a body, which are those that were offered.
// That another is not known is found when there is something to decode.
func decode(body io.Reader, headers []string) (io.Reader, error) {
	encodings := strings.FieldsFunc(strings.ToLower(strings.Join(headers, ",")), func(r rune) bool {
		return r == ',' || r == ' ' || r == '\t'
	})
	if len(encodings) > mostEncodings {
		return nil, &transferError{errBadEncoding, fmt.Sprintf("Reject response due to more than %d content encodings", mostEncodings), nil}
	}
	for i := len(encodings) - 1; i >= 0; i-- {
		start := unknownEncoding
		switch encodings[i] {
		case "identity", "none":
			continue
		case "gzip", "x-gzip":
			start = unzip
		case "deflate":
			start = inflate
		}
		body = &decoder{from: bufio.NewReader(body), start: start}
	}
	return body, nil
}

// decoder undoes one encoding. Like curl it takes an empty body for what it
// is, and one whose end is missing for what is there.
type decoder struct {
	from  *bufio.Reader
	start func(*bufio.Reader) (io.Reader, error)
	r     io.Reader
}

func (d *decoder) Read(p []byte) (int, error) {
	n, err := d.read(p)
	switch err {
	case nil:
	case io.ErrUnexpectedEOF:
		err = io.EOF
	case io.EOF:
		if d.from.Buffered() > 0 {
			err = &transferError{errWrite, "", nil}
		}
	case gzip.ErrChecksum, zlib.ErrChecksum:
		err = badEncoding("incorrect data check", err)
	case gzip.ErrHeader, zlib.ErrHeader, zlib.ErrDictionary:
		err = badEncoding("incorrect header check", err)
	}
	switch err.(type) {
	case flate.CorruptInputError, flate.InternalError:
		err = badEncoding("invalid data", err)
	}
	return n, err
}

func (d *decoder) read(p []byte) (int, error) {
	if d.r == nil {
		if _, err := d.from.Peek(1); err != nil {
			return 0, err
		}
		r, err := d.start(d.from)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, err
		}
		d.r = r
	}
	n, err := d.r.Read(p)
	if err == io.EOF {
		// What is left shows in the buffer.
		_, _ = d.from.Peek(1)
	}
	return n, err
}

// unzip decodes a gzip stream, of which there may be one only.
func unzip(body *bufio.Reader) (io.Reader, error) {
	switch head, _ := body.Peek(4); {
	case len(head) > 1 && (head[0] != 0x1f || head[1] != 0x8b):
		return nil, gzip.ErrHeader
	case len(head) > 2 && head[2] != 8:
		return nil, badEncoding("unknown compression method", nil)
	case len(head) > 3 && head[3]&0xe0 != 0:
		return nil, badEncoding("unknown header flags set", nil)
	}
	r, err := gzip.NewReader(body)
	if err != nil {
		return nil, err
	}
	r.Multistream(false)
	return r, nil
}

// inflate decodes what is called deflate: a zlib stream, or, from servers that
// took the name at its word, what is in one.
func inflate(body *bufio.Reader) (io.Reader, error) {
	head, err := body.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(body)
	}
	return flate.NewReader(body), nil
}

func unknownEncoding(*bufio.Reader) (io.Reader, error) {
	return nil, &transferError{
		errBadEncoding,
		"Unrecognized content encoding type. libcurl understands deflate, gzip content encodings.", nil,
	}
}

func badEncoding(problem string, err error) error {
	return &transferError{errBadEncoding, "Error while processing content unencoding: " + problem, err}
}
