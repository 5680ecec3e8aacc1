package sentry

import (
	"bytes"
	"encoding/json"
)

// text is a text, or what can be read as one; SDKs do not agree.
type text string

// UnmarshalJSON takes texts, numbers and truth values; others are none.
func (t *text) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case '"':
		return json.Unmarshal(raw, (*string)(t))
	case '{', '[', 'n':
		*t = ""
	default:
		*t = text(raw)
	}
	return nil
}

// number is a whole number; what is none is 0.
type number int

// UnmarshalJSON takes numbers, also in quotes.
func (n *number) UnmarshalJSON(raw []byte) error {
	var whole int32
	if err := json.Unmarshal(bytes.Trim(raw, `"`), &whole); err == nil && whole > 0 {
		*n = number(whole)
	}
	return nil
}

// some is a list of which the first one and the last ones are kept, at most
// keep() in all. An object with the list as its values stands for it, as does
// one thing alone.
type some[T interface{ keep() int }] struct{ list []T }

// UnmarshalJSON reads element by element, so that a long list of next to
// nothing takes no room.
func (s *some[T]) UnmarshalJSON(raw []byte) error {
	s.list = nil
	switch raw[0] {
	case '[':
	case '{':
		var in struct{ Values json.RawMessage }
		if err := json.Unmarshal(raw, &in); err != nil {
			return err
		}
		if in.Values == nil {
			return s.add(raw)
		}
		if raw = in.Values; raw[0] != '[' {
			return nil
		}
	default:
		return nil
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	if _, err := in.Token(); err != nil {
		return err
	}
	for in.More() {
		var element json.RawMessage
		if err := in.Decode(&element); err != nil {
			return err
		}
		if err := s.add(element); err != nil {
			return err
		}
	}
	s.shorten()
	return nil
}

// add keeps one more; what is no object has no values.
func (s *some[T]) add(raw []byte) error {
	var one T
	if raw[0] == '{' {
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
	}
	if len(s.list) == 2*one.keep() { // not with each one
		s.shorten()
	}
	s.list = append(s.list, one)
	return nil
}

// shorten leaves out what is too much: after the first one.
func (s *some[T]) shorten() {
	var one T
	if over := len(s.list) - one.keep(); over > 0 {
		s.list = append(s.list[:1], s.list[1+over:]...)
	}
}

// pairs are names with values: an object, or a list of pairs.
type pairs map[string]string

// maxPairs is how many are read.
const maxPairs = 100

// UnmarshalJSON takes both.
func (p *pairs) UnmarshalJSON(raw []byte) error {
	*p = pairs{}
	if raw[0] != '{' && raw[0] != '[' {
		return nil
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	if _, err := in.Token(); err != nil {
		return err
	}
	for in.More() && len(*p) < maxPairs {
		var name, value text
		if raw[0] == '{' {
			key, err := in.Token()
			if err != nil {
				return err
			}
			plain, _ := key.(string) // keys are
			name = text(plain)
			if err := in.Decode(&value); err != nil {
				return err
			}
		} else {
			var pair json.RawMessage
			if err := in.Decode(&pair); err != nil {
				return err
			}
			name, value = pairOf(pair)
		}
		if name != "" {
			(*p)[string(name)] = string(value)
		}
	}
	return nil
}

// pairOf reads [name, value].
func pairOf(raw []byte) (name, value text) {
	var two [2]text
	if raw[0] != '[' || json.Unmarshal(raw, &two) != nil {
		return "", ""
	}
	return two[0], two[1]
}

// words are texts, of which the first ones are kept.
type words []string

// maxWords is how many.
const maxWords = 20

// UnmarshalJSON takes a list of texts, or one.
func (w *words) UnmarshalJSON(raw []byte) error {
	*w = nil
	if raw[0] != '[' {
		var one text
		if err := one.UnmarshalJSON(raw); err != nil || one == "" {
			return err
		}
		*w = words{string(one)}
		return nil
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	if _, err := in.Token(); err != nil {
		return err
	}
	for in.More() && len(*w) < maxWords {
		var one text
		if err := in.Decode(&one); err != nil {
			return err
		}
		*w = append(*w, string(one))
	}
	return nil
}
