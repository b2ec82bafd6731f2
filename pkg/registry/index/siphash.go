package index

import (
	"encoding/binary"
	"math/bits"
)

// sipHash is SipHash-1-3 with a 128-bit result and zero keys, which Rust's
// compiler and Cargo use for hashes that stay the same from one version to the
// next.
func sipHash(data []byte) (a, b uint64) {
	v := sipState{0x736f6d6570736575, 0x646f72616e646f6d ^ 0xee, 0x6c7967656e657261, 0x7465646279746573}
	length := len(data)
	for len(data) >= 8 {
		v.absorb(binary.LittleEndian.Uint64(data))
		data = data[8:]
	}
	var last [8]byte
	copy(last[:], data)
	last[7] = byte(length)
	v.absorb(binary.LittleEndian.Uint64(last[:]))
	v[2] ^= 0xee
	for range 3 {
		v.round()
	}
	a = v[0] ^ v[1] ^ v[2] ^ v[3]
	v[1] ^= 0xdd
	for range 3 {
		v.round()
	}
	return a, v[0] ^ v[1] ^ v[2] ^ v[3]
}

type sipState [4]uint64

func (v *sipState) absorb(word uint64) {
	v[3] ^= word
	v.round()
	v[0] ^= word
}

func (v *sipState) round() {
	v[0] += v[1]
	v[2] += v[3]
	v[1] = bits.RotateLeft64(v[1], 13) ^ v[0]
	v[3] = bits.RotateLeft64(v[3], 16) ^ v[2]
	v[0] = bits.RotateLeft64(v[0], 32)
	v[2] += v[1]
	v[0] += v[3]
	v[1] = bits.RotateLeft64(v[1], 17) ^ v[2]
	v[3] = bits.RotateLeft64(v[3], 21) ^ v[0]
	v[2] = bits.RotateLeft64(v[2], 32)
}
