// Package doctor checks an installation: its database, key, disk, clock, mail, jobs and addresses. It
// changes nothing and sends no message.
package doctor
