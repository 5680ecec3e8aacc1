package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// tableSum is a checksum of the rows of a table in any order, since the databases sort texts
// differently: the SHA-256 of each row, added modulo 2^256.
type tableSum struct {
	rows int64
	sum  [4]uint64 // the lowest part first
}

// add adds a row that was normalized.
func (s *tableSum) add(t copyTable, row []any) {
	b := make([]byte, 0, 256)
	for i := range t.columns {
		b = appendValue(b, row[i])
	}
	h := sha256.Sum256(b)
	carry := uint64(0)
	for i := range s.sum {
		s.sum[i], carry = bits.Add64(s.sum[i], binary.BigEndian.Uint64(h[8*i:]), carry)
	}
	s.rows++
}

// appendValue appends a value, so that different rows have different bytes.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, 0)
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 1), uint64(v)) // #nosec G115 -- the same bits
	case bool:
		if v {
			return append(b, 2, 1)
		}
		return append(b, 2, 0)
	case string:
		return append(binary.BigEndian.AppendUint64(append(b, 3), uint64(len(v))), v...)
	case []byte:
		return append(binary.BigEndian.AppendUint64(append(b, 4), uint64(len(v))), v...)
	}
	panic(fmt.Sprintf("a value of the type %T was not normalized", v))
}

// text returns the sum in hex.
func (s tableSum) text() string {
	return fmt.Sprintf("%016x%016x%016x%016x", s.sum[3], s.sum[2], s.sum[1], s.sum[0])
}
