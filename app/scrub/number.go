package scrub

import "strings"

// findNumbers finds card numbers and IBANs.
func (f *finder) findNumbers() {
	for i := 0; i < len(f.text); i++ {
		c := f.text[i]
		if !isDigit(c) && !isUpper(c) || i > 0 && (isAlnum(f.text[i-1]) || f.text[i-1] == '.' && isDigit(c)) {
			continue
		}
		end := 0
		switch {
		case isDigit(c):
			end = f.cardEnd(i)
		case i+1 < len(f.text) && isUpper(f.text[i+1]):
			end = f.ibanEnd(i)
		}
		if end > 0 {
			f.hide(i, end)
			i = end - 1
		}
	}
}

// maxCard is the most digits of a card number.
const maxCard = 19

// cardEnd returns the end of the card number at a place, 0 for none. Single spaces and dashes can be
// between its digits.
func (f *finder) cardEnd(at int) int {
	digits := make([]byte, 0, maxCard+1)
	for i := at; i < len(f.text) && len(digits) <= maxCard; i++ {
		c := f.text[i]
		if isDigit(c) {
			digits = append(digits, c)
			end := i + 1
			if isCard(digits) && (end == len(f.text) || !isAlnum(f.text[end])) && !f.continues(end) {
				return end
			}
		} else if c != ' ' && c != '-' || i > 0 && !isDigit(f.text[i-1]) {
			break
		}
	}
	return 0
}

// continues reports whether a group of digits goes on after a place: "4111-1111".
func (f *finder) continues(end int) bool {
	return end+1 < len(f.text) && (f.text[end] == '-' || f.text[end] == '.') && isDigit(f.text[end+1])
}

// isCard reports whether digits are a card number: by their first digits, their count and their check
// digit.
func isCard(digits []byte) bool {
	if len(digits) < 13 {
		return false
	}
	two := int(digits[0]-'0')*10 + int(digits[1]-'0')
	n, fits := len(digits), false
	switch {
	case digits[0] == '4':
		fits = n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, two >= 22 && two <= 27:
		fits = n == 16
	case two == 34 || two == 37:
		fits = n == 15
	case two == 30 || two == 36 || two == 38 || two == 39:
		fits = n == 14 || n == 16
	case two == 35, two == 60, two == 62, two == 64, two == 65, two == 50, two >= 56 && two <= 58, two == 63, two == 67:
		fits = n >= 16 && n <= 19
	}
	if !fits {
		return false
	}
	sum := 0
	for i, c := range digits {
		d := int(c - '0')
		if (n-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// ibanLengths are the lengths of the IBANs of countries.
var ibanLengths = lengthsOf("" +
	"NO15 BE16 DK18 FO18 FI18 GL18 NL18 SD18 FK18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 XK20 MN20 " +
	"HR21 LV21 LI21 CH21 BH22 BG22 CR22 GE22 DE22 IE22 ME22 RS22 GB22 VA22 GI23 IL23 IQ23 OM23 TL23 AE23 SO23 " +
	"AD24 CZ24 MD24 PK24 RO24 SA24 SK24 ES24 SE24 TN24 VG24 DZ26 PT25 LY25 IS26 TR26 " +
	"FR27 GR27 IT27 MR27 MC27 SM27 " +
	"AL28 AZ28 BY28 CY28 DO28 GT28 HU28 LB28 NI28 PL28 SV28 BR29 EG29 PS29 QA29 JO30 KW30 MU30 UA29 BI27 DJ27 " +
	"SC31 LC32 MT31 RU33 YE30 ST25")

func lengthsOf(table string) map[string]int {
	lengths := map[string]int{}
	for _, entry := range strings.Fields(table) {
		lengths[entry[:2]] = int(entry[2]-'0')*10 + int(entry[3]-'0')
	}
	return lengths
}

// ibanEnd returns the end of the IBAN at a place, 0 for none. It can be in groups of four.
func (f *finder) ibanEnd(at int) int {
	length := ibanLengths[f.text[at:at+2]]
	if length == 0 {
		return 0
	}
	number := make([]byte, 0, length)
	i := at
	for ; i < len(f.text) && len(number) < length; i++ {
		c := f.text[i]
		switch {
		case isDigit(c) || isUpper(c):
			number = append(number, c)
		case c == ' ' || c == '-':
			if len(number)%4 != 0 {
				return 0
			}
		default:
			return 0
		}
	}
	if len(number) < length || i < len(f.text) && isAlnum(f.text[i]) || !isDigit(number[2]) || !isDigit(number[3]) {
		return 0
	}
	rest := 0
	for j := range length {
		switch c := number[(j+4)%length]; {
		case isDigit(c):
			rest = (rest*10 + int(c-'0')) % 97
		default:
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	if rest != 1 {
		return 0
	}
	return i
}
