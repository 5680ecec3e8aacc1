package sentry

import (
	"bytes"
	"encoding/json"
)

// text is a text, or a value that some SDKs send in its place.
type text string

// UnmarshalJSON accepts texts, numbers and booleans. Other values are "".
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

// number is a positive whole number, 0 for any other value.
type number int

// UnmarshalJSON accepts numbers, also in quotes.
func (n *number) UnmarshalJSON(raw []byte) error {
	var whole int32
	if err := json.Unmarshal(bytes.Trim(raw, `"`), &whole); err == nil && whole > 0 {
		*n = number(whole)
	}
	return nil
}

// boundedList is a list that keeps its first element and its last ones, at most keep() in
// all. Its JSON is a list, an object with the list as its values, or a single element.
type boundedList[T interface{ keep() int }] struct{ list []T }

// UnmarshalJSON reads element by element, so that a long list takes little memory.
func (s *boundedList[T]) UnmarshalJSON(raw []byte) error {
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

// add appends an element. One that is no object is empty.
func (s *boundedList[T]) add(raw []byte) error {
	var one T
	if raw[0] == '{' {
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
	}
	if len(s.list) == 2*one.keep() { // shorten in steps, not for each element
		s.shorten()
	}
	s.list = append(s.list, one)
	return nil
}

// shorten drops elements after the first one until keep() are left.
func (s *boundedList[T]) shorten() {
	var one T
	if over := len(s.list) - one.keep(); over > 0 {
		s.list = append(s.list[:1], s.list[1+over:]...)
	}
}

// pairs are names with values. Their JSON is an object or a list of pairs.
type pairs map[string]string

// maxPairs is how many pairs are read.
const maxPairs = 100

// UnmarshalJSON accepts both.
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
			plain, _ := key.(string) // keys are strings
			name = text(plain)
			if err := in.Decode(&value); err != nil {
				return err
			}
		} else {
			var pair json.RawMessage
			if err := in.Decode(&pair); err != nil {
				return err
			}
			name, value = parsePair(pair)
		}
		if name != "" {
			(*p)[string(name)] = string(value)
		}
	}
	return nil
}

// parsePair reads [name, value], and returns "" for anything else.
func parsePair(raw []byte) (name, value text) {
	var two [2]text
	if raw[0] != '[' || json.Unmarshal(raw, &two) != nil {
		return "", ""
	}
	return two[0], two[1]
}

// words is a list that keeps its first texts.
type words []string

// maxWords is how many texts it keeps.
const maxWords = 20

// UnmarshalJSON accepts a list of texts, or one text.
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
