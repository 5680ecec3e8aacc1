package ingest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"gatecrier/models"
)

// sarifMessage is a text, or the ID of one that the tool has. {0} in it is the first argument.
type sarifMessage struct {
	Text      string   `json:"text"`
	Markdown  string   `json:"markdown"`
	ID        string   `json:"id"`
	Arguments []string `json:"arguments"`
}

// putMessage adds the message to a result. One that the tool has waits for finish.
func (s *sarif) putMessage(r *sarifFinding, own *extra, m *sarifMessage) {
	if len(m.Arguments) > 0 {
		r.mix(digestOf(append([]string{"arguments"}, m.Arguments...)...))
	}
	template := first(m.Text, m.Markdown)
	if template == "" && m.ID != "" {
		r.byID = true
		r.description = s.findings.texts.putRaw(packMessage(m.ID, m.Arguments))
		return
	}
	text := template
	if len(m.Arguments) > 0 {
		text = withArguments(template, m.Arguments)
	}
	s.setMessage(r, own, template, text, m.Text == "" && template != "")
}

// setMessage makes a text the description of a result, and a part of its identity. The identity has
// the text before its arguments replace the placeholders: two texts can become one by that.
func (s *sarif) setMessage(r *sarifFinding, own *extra, template, text string, markdown bool) {
	r.description = s.findings.texts.putText(text, maxDescription)
	whole := digestOf("message", template)
	r.mix(whole)
	if stable := withoutPlaces(text, r.line); stable != template {
		whole = digestOf("message", stable)
	}
	r.mixStable(whole)
	if markdown {
		d := own.details.Decode()
		d.Markdown = true
		own.details = d.Encode()
	}
}

// finishMessage replaces the ID of a message by the text that the rule or its tool has for it.
func (s *sarif) finishMessage(r *sarifFinding, own *extra, at rulePlace) {
	id, arguments := unpackMessage(s.findings.texts.get(r.description))
	r.description = 0
	if stored := s.findings.texts.get(s.run.message(at, id)); stored != "" {
		s.setMessage(r, own, stored[1:], withArguments(stored[1:], arguments), stored[0] == messageMarkdown)
		return
	}
	r.mix(digestOf("message id", id))
	parts := []string{"message id", id}
	for _, a := range arguments {
		parts = append(parts, withoutPlaces(a, r.line))
	}
	r.mixStable(digestOf(parts...))
}

// The first bytes of a stored message of a tool.
const (
	messageText     = 't'
	messageMarkdown = 'm'
)

// sarifMessages are the texts of a rule, or those that the rules of a tool share, by their IDs.
type sarifMessages map[string]struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown"`
}

// addMessages keeps the messages of a rule; rule is sharedMessages for those of the tool.
func (s *sarif) addMessages(list sarifMessages, component, rule int32) {
	for id, m := range list {
		text := string(messageText) + m.Text
		if m.Text == "" {
			text = string(messageMarkdown) + m.Markdown
		}
		if len(text) > 1 {
			s.run.messages[messageKey(component, rule, id)] = s.findings.texts.put(text, maxDescription)
		}
	}
}

// sharedMessages is the rule of messages that belong to none.
const sharedMessages = -1

func messageKey(component, rule int32, id string) digest {
	return digestOf(strconv.Itoa(int(component)), strconv.Itoa(int(rule)), id)
}

// message returns a text of the rule, else of its component, else of the driver; 0 for none.
func (r *sarifRun) message(at rulePlace, id string) textRef {
	for _, key := range []digest{
		messageKey(at.component, at.rule, id), messageKey(at.component, sharedMessages, id),
		messageKey(driver, sharedMessages, id),
	} {
		if text, ok := r.messages[key]; ok {
			return text
		}
	}
	return 0
}

// packMessage returns the ID and the arguments of a message as one text, which can be stored.
func packMessage(id string, arguments []string) string {
	const maxPacked = 60_000
	parts := []string{clean(id, maxTitle)}
	size := 0
	for _, a := range arguments {
		if size += len(a); size < maxPacked/8 { // each byte takes up to six
			parts = append(parts, a)
		}
	}
	text, err := json.Marshal(parts)
	if err != nil || len(text) > maxPacked {
		return `[""]`
	}
	return string(text)
}

func unpackMessage(text string) (id string, arguments []string) {
	var parts []string
	if err := json.Unmarshal([]byte(text), &parts); err != nil || len(parts) == 0 {
		return "", nil
	}
	return parts[0], parts[1:]
}

// withArguments returns a text with its arguments in place of {0}, {1} ... A doubled brace is one.
func withArguments(template string, arguments []string) string {
	var b strings.Builder
	for i := 0; i < len(template) && b.Len() < 4*maxDescription; {
		c := template[i]
		if i++; c != '{' && c != '}' {
			b.WriteByte(c)
			continue
		}
		if i < len(template) && template[i] == c {
			b.WriteByte(c)
			i++
			continue
		}
		end := strings.IndexByte(template[i:], '}')
		if n, err := strconv.ParseUint(template[i:i+max(end, 0)], 10, 16); c == '{' && err == nil && int(n) < len(arguments) {
			b.WriteString(clean(arguments[n], 4*maxDescription))
			i += end + 1
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// sarifTaxon is a reference to a weakness or another class of a taxonomy.
type sarifTaxon struct {
	ID        string `json:"id"`
	Component struct {
		Name string `json:"name"`
	} `json:"toolComponent"`
}

// cwesOf returns the weaknesses among the classes of taxonomies.
func cwesOf(taxa []sarifTaxon) []string {
	var ids []string
	for _, t := range taxa {
		if named := strings.HasPrefix(strings.ToUpper(t.ID), "CWE-"); named || strings.EqualFold(t.Component.Name, "CWE") {
			ids = append(ids, t.ID)
		}
	}
	return cweNames(ids)
}

// cwesOfRule returns the weaknesses that a rule names, each once: by its tags, such as
// external/cwe/cwe-079 or "CWE-79: Cross-site Scripting", and by its relationships.
func cwesOfRule(v *sarifRuleJSON) []string {
	var ids []string
	for _, tag := range v.Properties.Tags.v {
		tag = strings.TrimSpace(tag[strings.LastIndexByte(tag, '/')+1:])
		if len(tag) > 4 && strings.EqualFold(tag[:4], "CWE-") {
			ids = append(ids, tag)
		}
	}
	var taxa []sarifTaxon
	for _, r := range v.Relationships.v {
		taxa = append(taxa, r.Target)
	}
	names := append(cweNames(ids), cwesOf(taxa)...)
	slices.Sort(names)
	return slices.Compact(names)
}

// mergeDetails returns the details of a result with those of its rule.
func mergeDetails(own, rule models.Details, scored bool) models.Details {
	if !scored {
		own.Score = rule.Score
	}
	own.CWEs = append(own.CWEs, rule.CWEs...)
	return own
}
