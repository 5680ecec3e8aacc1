package scrub

import (
	"strings"
	"testing"
	"time"
)

// secret is the part of each case's text that has to go. Tokens are made up in parts, so that no scanner
// takes them for real ones.
var (
	mixed = strings.Repeat("aB3dE5", 20)
	hexes = strings.Repeat("0a1b2c3d", 8)
	lower = strings.Repeat("ab3de5", 20)
	big   = strings.Repeat("AB3DE5", 20)
)

func TestText_HidesSecrets(t *testing.T) {
	for _, c := range []struct{ text, secret, kept string }{
		// URLs
		{"dial postgres://app:hunter2@db:5432/shop: refused", "hunter2", "db:5432/shop: refused"},
		{"redis://:hunter2@cache/0", "hunter2", "cache/0"},
		{"amqp://a:p@hunter2@q/v", "hunter2", "q/v"},
		{"postgres://u:hun/ter2@db/shop", "ter2", "db/shop"},
		{"https://hunter2hunter2hunter2@host/x", "hunter2", "host/x"},
		{"root:hunter2@tcp(127.0.0.1:3306)/db", "hunter2", "@tcp(127.0.0.1:3306)/db"},
		{"to=https%3A%2F%2Fu%3Ahunter2%40host%2Fx", "hunter2", "host"},
		{"GET /x?a=1&token=hunter2&b=2 failed", "hunter2", "b=2 failed"},
		{"GET /x?access_token=hunter2#top", "hunter2", "GET /x"},
		{"GET https://maps/x?key=" + mixed[:20], mixed[:20], "GET https://maps/x"},
		{"redirect=%2Fx%3Ftoken%3Dhunter2%26a%3D1", "hunter2", "%26a%3D1"},
		// name=value
		{"password=hunter2 user=ann", "hunter2", "user=ann"},
		{"bad passwd=hunter2, user=ann", "hunter2", "user=ann"},
		{"password=hun,ter;2&x)y user=ann", "ter", "user=ann"},
		{"SMTP_PASSWORD=hunter2", "hunter2", ""},
		{"env PGPASSWORD=hunter2 psql", "hunter2", "psql"},
		{"secret = 'hunter2 and more' ok", "more", " ok"},
		{`password="hun\"ter2" ok`, "ter2", " ok"},
		{"password=b'hunter2' ok", "hunter2", " ok"},
		{"User(name=ann, password=hunter2)", "hunter2", "name=ann"},
		{"{User:ann Password:hunter2}", "hunter2", "User:ann"},
		{`S{Token:"hunter2", Name:"ann"}`, "hunter2", `Name:"ann"`},
		{"map[password:hunter2 user:ann]", "hunter2", "user:ann"},
		{"run --password hunter2 --user ann", "hunter2", "--user ann"},
		{"['mysql', '--password', 'hunter2', 'db']", "hunter2", "'db'"},
		{"curl -u ann:hunter2 https://host", "hunter2", "https://host"},
		{`{:password=>"hunter2", :id=>4}`, "hunter2", ":id=>4"},
		{"[password] => hunter2\n[id] => 4", "hunter2", "[id] => 4"},
		{"<password>hunter2</password><id>4</id>", "hunter2", "<id>4</id>"},
		{"API key: hunter2hunter2 is wrong", "hunter2", "is wrong"},
		{"token: " + mixed[:20] + " is wrong", mixed[:20], "is wrong"},
		{"[('api_token', 'hunter2'), ('id', '4')]", "hunter2", "('id', '4')"},
		// JSON and YAML
		{`{"password":"hunter2","id":4}`, "hunter2", `"id":4`},
		{`{"apiKey": "hunter2", "id": 4}`, "hunter2", `"id": 4`},
		{`"{\"token\":\"hunter2\",\"id\":4}"`, "hunter2", `\"id\":4`},
		{`"{\\\"token\\\":\\\"hunter2\\\",\\\"id\\\":4}"`, "hunter2", `id`},
		{`{"secret":["hunter2","x"],"id":4}`, "hunter2", `"id":4`},
		{`{"secret":{"a":"hunter2"},"id":4}`, "hunter2", `"id":4`},
		{`{"password":"hunter2 is cut o`, "hunter2", "password"},
		{`{"pin":1234,"id":4}`, "1234", `"id":4`},
		{"a: 1\nclient_secret: hunter2\nb: 2", "hunter2", "b: 2"},
		{"a: 1\n  passphrase: correct horse battery\nb: 2", "battery", "b: 2"},
		{"a: 1\n  token: hunter\nb: 2", "hunter", "b: 2"},
		{"password: |\n  hunter2\n  more\nb: 2", "more", "b: 2"},
		// ODBC and its like
		{"Server=db;Uid=app;Pwd=hunter2;Encrypt=yes", "hunter2", "Encrypt=yes"},
		{"Server=db;Password=my hunter2;Encrypt=yes", "hunter2", "Encrypt=yes"},
		{"DRIVER=x;PWD={hun;ter2};DATABASE=d", "ter2", "DATABASE=d"},
		{"AccountName=shop;AccountKey=" + mixed[:86] + "==;EndpointSuffix=core", mixed[:86], "EndpointSuffix=core"},
		{"Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=" + mixed[:43] + "=", mixed[:43], "SharedAccessKeyName=a"},
		{"https://x.blob/y?sv=1&sig=" + mixed[:30] + "%3D&se=2", mixed[:30], "se=2"},
		// Headers
		{"Authorization: Bearer hunter2\nAccept: x", "hunter2", "Accept: x"},
		{"authorization: Custom hunter2 more\r\nAccept: x", "hunter2", "Accept: x"},
		{"curl -H 'Authorization: Basic aHVudGVyMg==' https://host", "aHVudGVyMg", "https://host"},
		{"map[Authorization:[Bearer hunter2] Accept:[x]]", "hunter2", "Accept:[x]"},
		{"sent Bearer hunter2x.y", "hunter2x", "sent"},
		{"sent Basic YW5uOmh1bnRlcjI= to it", "YW5uOmh1bnRlcjI", "to it"},
		{"X-Api-Key: hunter2\nAccept: x", "hunter2", "Accept: x"},
		{"X-Auth-Token: hunter2\nAccept: x", "hunter2", "Accept: x"},
		{"Cookie: a=hunter2; b=c\nAccept: x", "hunter2", "Accept: x"},
		{"Set-Cookie: sid=hunter2; HttpOnly\nAccept: x", "hunter2", "Accept: x"},
		{`["Cookie","hunter2"],["Accept","x"]`, "hunter2", `"x"`},
		{"PHPSESSID=hunter2; lang=en", "hunter2", "lang=en"},
		// Webhooks
		{"post https://hooks.slack.com/services/T0/B0/hunter2: 404", "hunter2", ": 404"},
		{"post https://discord.com/api/webhooks/1/hunter2 failed", "hunter2", "failed"},
		{"post https://x.webhook.office.com/webhookb2/hunter2@a/b failed", "hunter2", "failed"},
		{"post https://x.logic.azure.com/a?sp=1&sig=hunter2 failed", "hunter2", "failed"},
		{"post https://mm.example/hooks/" + lower[:26] + " failed", lower[:26], "failed"},
		// Keys, tokens
		{"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nx", "MIIE", "x"},
		{`{"k":"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n","id":4}`, "MIIE", `"id":4`},
		{"a -----BEGIN EC PRIVATE KEY-----\nMHcC is cut", "MHcC", "a "},
		{"cut MIIEabcd\n+/=\n-----END PRIVATE KEY-----\nx", "MIIEabcd", "x"},
		{"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln x", "eyJ", "jwt"},
		{"cut eyJhbGciOiJIUzI1NiIsInR5cCI6Ik", "eyJ", "cut"},
		{"id AKIA" + big[:16] + " secret " + mixed[:40] + " x", mixed[:40], "x"},
		{"a card 4111 1111 1111 1111 x", "1111", "x"},
		{"a card 5500-0000-0000-0004.", "0004", "a card"},
		{"a card 378282246310005!", "310005", "a card"},
		{"IBAN DE89370400440532013000 x", "0440", "x"},
		{"IBAN GB82 WEST 1234 5698 7654 32 x", "5698", "x"},
		{"bot 123456789:" + mixed[:35] + " x", mixed[:35], "x"},
		{"GET https://api.telegram.org/bot123456789:" + mixed[:35] + "/get", mixed[:35], "GET"},
		{"twilio AC" + hexes[:32] + " with " + strings.Repeat("f0", 16) + " x", "f0f0", "x"},
	} {
		checkHides(t, c.text, c.secret, c.kept)
	}
}

// checkHides fails the test unless a text is scrubbed of a secret, and keeps the rest.
func checkHides(t *testing.T, text, secret, kept string) {
	t.Helper()
	got := Text(text)
	if strings.Contains(got, secret) || !strings.Contains(got, kept) || !strings.Contains(got, Mask) {
		t.Errorf("%q became %q, without %q and with %q expected", text, got, secret, kept)
	}
	if again := Text(got); again != got {
		t.Errorf("%q became %q, then %q", text, got, again)
	}
}

// Secrets that no separator follows their name, and those in addresses that are hard to take apart.
func TestText_HidesSecretsOfPhrases(t *testing.T) {
	for _, c := range []struct{ text, secret, kept string }{
		// Addresses
		{"postgres://u:p@ss/hunter2@db/shop", "hunter2", "db/shop"},
		{"postgres://u:p@ss/wo@hunter2@db:5432/shop", "hunter2", "db:5432/shop"},
		{"mysql://u:12/hunter2@db/shop", "hunter2", "db/shop"},
		{"mysql://u:hun?ter#2@db/shop", "ter#2", "db/shop"},
		{"jdbc:oracle:thin:scott/hunter2@db:1521:shop failed", "hunter2", "@db:1521:shop failed"},
		{"jdbc:oracle:thin:scott/hun@ter2@db:1521/shop", "ter2", "@db:1521/shop"},
		{"jdbc:oracle:thin:scott/hunter2@//db:1521/shop@x", "hunter2", "@//db:1521/shop@x"},
		{"GET /login/reset?link=" + mixed[:43] + " 200", mixed[:43], "GET /login/reset?link="},
		{"https://gc/login/undo?link=" + mixed[:43] + " x", mixed[:43], " x"},
		{"GET /feed/" + mixed[:43] + ".atom 200", mixed[:43], ".atom 200"},
		// Sentences, command lines
		{"the password is hunter2, please change it", "hunter2", ", please change it"},
		{"Your password was: hunter2.", "hunter2", "Your password"},
		{"the password is 'hunter' now", "hunter", " now"},
		{"The passphrase is CorrectHorse!", "CorrectHorse", "The passphrase is"},
		{"machine host login ann password hunter", "hunter", "login ann"},
		{"machine host\n  login ann\n  password hunter\nmachine b", "hunter", "machine b"},
		{"used password hunter2x for ann", "hunter2x", "for ann"},
		{"mysql -uann -phunter2 shop", "hunter2", " shop"},
		{"mysqldump -h db -p'hunter2' shop", "hunter2", " shop"},
		{"sshpass -p hunter2 ssh ann@host", "hunter2", "ssh ann@host"},
		{"a: 1\npassword:\n  hunter\nb: 2", "hunter", "b: 2"},
		{"Password:\r\nhunter2x\r\nok", "hunter2x", "ok"},
		{"snmpget community=hunter2 host", "hunter2", "host"},
		// Hashes
		{"ann:$apr1$abcdefgh$" + mixed[:22] + " x", mixed[:22], " x"},
		{"root:$6$abcdefgh$" + mixed[:86] + ":19000:0", mixed[:86], ":19000:0"},
		{"root:$6$rounds=5000$abcdefgh$" + mixed[:86] + ":1", mixed[:86], ":1"},
		{"hash $2y$10$" + mixed[:53] + " x", mixed[:53], " x"},
		{"hash $argon2id$v=19$m=65536,t=3,p=4$" + mixed[:22] + "$" + mixed[:43] + " x", mixed[:22], " x"},
	} {
		checkHides(t, c.text, c.secret, c.kept)
	}
}

func TestText_HidesKnownPrefixes(t *testing.T) {
	for _, token := range []string{
		"ghp_" + mixed[:36], "github_pat_" + mixed[:40], "glpat-" + mixed[:20], "xoxb-1-2-" + mixed[:20],
		"AKIA" + big[:16], "ASIA" + big[:16], "AIza" + mixed[:35], "sk_live_" + mixed[:24], "npm_" + mixed[:36],
		"pypi-AgEI" + mixed[:60], "hf_" + mixed[:34], "sk-" + mixed[:48], "sk-ant-api03-" + mixed[:40],
		"sk-proj-" + mixed[:40], "SG." + mixed[:22] + "." + mixed[:43], "SK" + hexes[:32], "gct_" + mixed[:32],
		"whsec_" + mixed[:32], "hvs." + mixed[:40], "dop_v1_" + hexes[:64], "shpat_" + hexes[:32], "ya29." + mixed[:40],
		"abc8Q~" + mixed[:34], "HRKU-" + mixed[:40],
	} {
		for _, text := range []string{
			"x " + token + " y", "x (" + token + ") y", `x "` + token + `" y`,
			"x=" + token + "&y",
		} {
			if got := Text(text); strings.Contains(got, token[len(token)-8:]) || !strings.HasSuffix(got, "y") {
				t.Errorf("%q became %q", text, got)
			}
		}
	}
}

// Texts without secrets stay as they are: a scrubbed error message that says nothing helps no one.
func TestText_KeepsOrdinaryTexts(t *testing.T) {
	for _, text := range []string{
		"",
		"KeyError: 'name'",
		"KeyError: name",
		"unexpected token: identifier",
		"Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
		"SyntaxError: unexpected token: '}'",
		"invalid password",
		"password is required",
		"Bearer authentication is required",
		"Basic authentication failed for user ann",
		"token_type=bearer expires_in=3600",
		`{"max_tokens": 512, "password": null}`,
		"password=None user=ann",
		"app::secret::load at src/secret.rs:33",
		"auth/token.go:33 +0x1f",
		"gatecrier/app/exception.(*Service).Report",
		"duplicate key value violates unique constraint \"users_key\"",
		"open /etc/app/secrets.yaml: no such file or directory",
		"get https://host:8080/@scope/pkg?email=ann@host: 404",
		"ssh://git@github.com/a/b.git",
		"order 4111111111111112 of 1764430000000000000 at 2026-11-29T15:25:22Z",
		"commit 1c6521d2f6a5b3c4d5e6f708192a3b4c5d6e7f80",
		"trace 123e4567-e89b-12d3-a456-426614174000",
		"risk-assessment-of-something-long-2026",
		"-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----",
		"the checkout of product 12 failed: timeout after 30s (limit=20)",
		"pass: 3, fail: 2",
		"Error: monkey=1 author=2 keyboard=4",
		"secret_name: db-credentials",
		"session expired: sign in again",
		"the password is required",
		"the password is too short: at least 10 characters",
		"the password is 8 characters long",
		"the password is base64-encoded",
		"Password is incorrect.",
		"login failed: password required",
		"password reset for ann",
		"password:\n  min_length: 8\n  required: true",
		"password:\n- is too short",
		"Password:\nlogin incorrect",
		"Enter the password:\nretry",
		"ssh -p2222 host",
		"docker run -p3306:3306 mysql",
		"docker run --name mysql -p3306:3306 mysql",
		"mkdir -p/var/lib/x",
		"mysql -p shop",
		"jdbc:oracle:thin:@//db:1521/shop",
		"jdbc:oracle:thin:@db:1521:shop",
		"GET /feed/products.atom 200",
		"GET /login/reset 200",
		"community: 12 members",
		"community_id=4",
		`{"community": "open source"}`,
		"costs $5$ or $6$",
		"echo $1$2",
		"HRKU-short",
		"https://host:8080/a@b/c",
	} {
		if got := Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestCut_HidesWhatItsEndCutsOff(t *testing.T) {
	token := "ghp_" + mixed[:36]
	for _, before := range []int{0, 50, 95, 100, slack + 60, slack + 80, slack + 95, slack + 100} {
		text := strings.Repeat("x", before) + " " + token + " " + strings.Repeat("y", 2*slack)
		if got, _ := Cut(text, 100); strings.Contains(got, "ghp_") {
			t.Errorf("%d: %q is left", before, got[max(0, len(got)-60):])
		}
	}
	if got, cut := Cut("short", 100); got != "short" || cut {
		t.Errorf("%q, %v", got, cut)
	}
}

// No token is a word that Text does not look at.
func TestText_ShortWordsAreNoTokens(t *testing.T) {
	for _, list := range shapes {
		for _, s := range list {
			if len(s.prefix)+s.min < minToken {
				t.Errorf("%s can have %d bytes", s.prefix, len(s.prefix)+s.min)
			}
		}
	}
	for _, text := range []string{"pin=1", "a -u b:c", "//tok1en9@h", "-----BEGIN", "/hooks/a1b2", "gct_a1b2c3d4"} {
		if isShortWord(text) {
			t.Errorf("%q is not looked at", text)
		}
	}
}

// Each text is made to let a part look at the same bytes again and again.
func TestText_IsLinear(t *testing.T) {
	for _, part := range []string{
		"token:", "token: [", "password={", "//", "//a:b",
		"npm_", "Bearer ", "bearer%20", "-----BEGIN ",
		"-----END PRIVATE KEY", "eyJ", "a=",
		"4111 ", "GB82 ", "AC0", "token: \"", "'a','", "<token ", "@tcp(", "%2F%2F", "-u a",
		"\\\\\"", "password: |\n", "token=true,",
		"///", "password is ", "password ", "mysql -p", "jdbc:oracle:", "$6$", "/feed/", "password:\n", "//a:1/", "//a:b@c/",
		"AKIA", "1234567:", "/hooks/",
	} {
		began := time.Now()
		Text(strings.Repeat(part, 1<<18/len(part)))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%q: %v", part, took)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"password=hunter2", `{"token":"a\"b"}`, "postgres://a:b@c/d", "-----BEGIN PRIVATE KEY-----", "[hidden]",
		"password=[hidden]]", "Cookie: a=b", "4111 1111 1111 1111", "GB82WEST12345698765432", "token: [hidden] x",
		"AKIA", "a%3Db", "--password x", "password: |\n a\nb", "\xff=\xfe",
		"the password is hunter2x", "machine a login b password c]", "mysql -phunter2", "jdbc:oracle:thin:a/b@c",
		"password:\n  a", "//a:b@c/d@e", "$6$abcdefgh$aB3dE5aB3dE5aB3dE5", "community=a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := Text(text)
		if twice := Text(once); twice != once {
			t.Errorf("%q became %q, then %q", text, once, twice)
		}
		if len(text) > 0 && strings.IndexByte(text, '\n') < 0 {
			got := Text("password='hunter2x' " + text)
			if strings.Contains(got, "hunter2x") && !strings.Contains(text, "hunter2x") {
				t.Errorf("%q is not hidden", got)
			}
		}
	})
}

func BenchmarkText(b *testing.B) {
	const line = "2026-11-29T15:25:22Z worker 12 of checkout: get https://host/x?a=1&b=2: timeout (limit=20)\n"
	text := strings.Repeat(line, 50)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Text(text)
	}
}
