package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// The failures without a wait.
const (
	freeByName    = 5   // of a name from a network, a device or a session
	freeByNetwork = 20  // of all names from a network: several users can share one
	freeByCrowd   = 100 // of a name from all networks that its user never signed in from
)

// maxWait is the longest wait of one network, device or session.
const maxWait = 15 * time.Minute

// The things that are tried, as the audit log names them.
const (
	triedSignIn   = "sign-in"
	triedPassword = "password"
	triedForgot   = "forgotten password"
	triedAddress  = "email address"
	triedToken    = "API token"
)

// hashed returns a part of a key, the same for all forms of a name. Names are hashed because users
// type passwords there by mistake.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(visible.Name(text))))
	return hex.EncodeToString(sum[:16])
}

func byName(key string) models.SignInLimit {
	return models.SignInLimit{Key: key, Free: freeByName, Max: maxWait}
}

// The bits of a network. An attacker can have all addresses of such a network for little money.
const (
	bitsIPv4     = 24
	bitsIPv6     = 64
	bitsIPv6Wide = 48 // what one customer of a provider can have
)

// networkOf returns the network of an address as text, "" for none.
func networkOf(address string) string { return prefixOf(address, bitsIPv6) }

func prefixOf(address string, bits6 int) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	bits := bits6
	if addr = addr.Unmap().WithZone(""); addr.Is4() {
		bits = bitsIPv4
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return ""
	}
	return network.String()
}

// signInTries returns the budgets of a sign-in, of which one must have room: those of the client if
// the user of the name knows it, else those of strangers.
func (s *Service) signInTries(ctx context.Context, name string, from Client) ([]models.SignInTry, error) {
	network, device := networkOf(from.Address), hashed(from.Device)
	byNetwork, byDevice, err := s.store.Known(ctx, name, network, device)
	if err != nil {
		return nil, err
	}
	id := hashed(name)
	var tries []models.SignInTry
	if byDevice && from.Device != "" {
		tries = append(tries, models.SignInTry{Limits: []models.SignInLimit{byName("device " + id + " " + device)}})
	}
	limits := tryLimits("", name, from.Address)
	switch {
	case byNetwork && network != "":
		tries = append(tries, models.SignInTry{Limits: limits})
	case len(tries) == 0:
		if wide := prefixOf(from.Address, bitsIPv6Wide); wide != network {
			limits = append(limits, models.SignInLimit{Key: "wide " + id + " " + wide, Free: freeByNetwork, Max: maxWait})
		}
		crowd := models.SignInLimit{Key: "crowd " + id, Free: freeByCrowd}
		tries = append(tries, models.SignInTry{Limits: limits, Crowd: crowd})
	}
	return tries, nil
}

// tryLimits returns the keys that limit a sign-in, or another kind of try: the name from the network,
// and the network.
func tryLimits(kind, name, address string) []models.SignInLimit {
	network := networkOf(address)
	return []models.SignInLimit{
		byName(kind + "name " + hashed(name) + " " + network),
		{Key: kind + "from " + network, Free: freeByNetwork, Max: maxWait},
	}
}

// passwordTry returns the budget of a signed-in user who is asked for the password: each session
// and each token has its own, so that a stolen one delays no other. A token can make others: all of
// a user have a wider one together.
func passwordTry(ctx context.Context, kind string, u models.User) models.SignInTry {
	id := strconv.FormatInt(u.ID, 10)
	if session := tokenIn(ctx); session != "" {
		return models.SignInTry{Limits: []models.SignInLimit{byName(kind + " " + id + " session " + hashed(session))}}
	}
	return models.SignInTry{Limits: []models.SignInLimit{
		byName(kind + " " + id + " token " + strconv.FormatInt(requestIn(ctx).token, 10)),
		{Key: kind + " " + id + " tokens", Free: freeByNetwork, Max: maxWait},
	}}
}

// mayTry counts a try by the first budget that has room, and returns it. If none has, it returns an
// error that begins with reason and has the wait.
func (s *Service) mayTry(
	ctx context.Context, who trouble, tries []models.SignInTry, reason string,
) (models.SignInTry, error) {
	var until time.Time
	for _, t := range tries {
		end, err := s.store.SignInWait(ctx, t) // most refusals write nothing
		if err == nil && end.IsZero() {
			err = s.store.Write(ctx, func(tx *models.Tx) error {
				var err error
				end, err = tx.TrySignIn(t)
				return err
			})
			s.trimTries(ctx)
		}
		if err != nil || end.IsZero() {
			return t, err
		}
		if until.IsZero() || end.Before(until) {
			until = end
		}
	}
	s.troubles.refused(who, s.store.Now())
	wait := until.Sub(s.store.Now()).Truncate(time.Second) + time.Second
	e := fault.New(fault.TooMany, reason+" Try again in "+wait.String())
	e.Wait = wait
	return models.SignInTry{}, e
}

// trimEvery is the number of tries after which an instance deletes rows beyond the bound.
const trimEvery = 5000

// trimTries deletes rows beyond the bound now and then: under attack the hourly job is too late.
func (s *Service) trimTries(ctx context.Context) {
	if s.tried.Add(1)%trimEvery != 0 {
		return
	}
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		_, err := tx.DeleteOldSignIns(2 * trimEvery)
		return err
	})
	if err != nil {
		s.log.WarnContext(ctx, "delete old sign-in tries", "error", err)
	}
}
