// Package backup makes backups of a running installation, verifies them and restores them.
package backup
