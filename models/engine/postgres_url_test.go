package engine_test

import (
	"strings"
	"testing"

	"gatecrier/models/engine"
)

func TestCheckURL_PasswordWithoutEscapes(t *testing.T) {
	for _, url := range []string{
		"postgres://shop:first/second@db.example.org/shop",
		"postgres://shop:12/second@db.example.org/shop",
		"postgres://shop:first@se/second@db.example.org/shop",
		"postgres://shop:12?second@db.example.org/shop",
		"postgres://shop:first#second@db.example.org/shop",
		"postgres://shop:fir%st@db.example.org/shop",
	} {
		err := engine.CheckURL(url)
		if err == nil || !strings.Contains(err.Error(), "%40") {
			t.Errorf("%s: %v", url, err)
			continue
		}
		for _, part := range []string{"first", "second", "12", "fir%st"} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error shows %q: %v", url, part, err)
			}
		}
	}
	for _, url := range []string{
		"postgres://shop:fi%40r%2Fst@db.example.org:5432/shop?sslmode=verify-full&application_name=a@b",
		"postgres:///shop?host=/run/postgresql",
		"postgres://shop:a@b@db.example.org/shop",
		"postgres://one:x@a.example.org:5432,b.example.org:5432/shop",
	} {
		if err := engine.CheckURL(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}
