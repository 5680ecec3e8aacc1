package apptest_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"gatecrier/app/apptest"
)

// openVEX returns an OpenVEX document of a version with statements, each about one vulnerability: its
// name, its status and a product.
func openVEX(t *testing.T, id string, version int, statements ...object) []byte {
	t.Helper()
	text, err := json.Marshal(object{
		"@context": "https://openvex.dev/ns/v0.2.0", "@id": id, "author": "Lakeside security",
		"timestamp": "2026-03-01T08:00:00Z", "version": version, "statements": append([]object{}, statements...),
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// says returns a statement of OpenVEX.
func says(vulnerability, status, product string) object {
	return object{
		"vulnerability": object{"name": vulnerability}, "status": status,
		"products": []object{{"@id": product}}, "justification": "vulnerable_code_not_in_execute_path",
	}
}

// vex sends a VEX document.
func (s productFixture) vex(c *apptest.Client, document []byte) apptest.Answer {
	return c.Must(http.StatusCreated, "POST", s.path+"/vex", document)
}
