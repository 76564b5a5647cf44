package main

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"holdfast/cmd/node"
	"holdfast/exchange/outbox"
)

// wireSettings is one gateway of a configuration file; docs/outbox.md says what
// each key means.
type wireSettings struct {
	URL     string `yaml:"url"`
	KeyFile string `yaml:"key_file"` // beside this file
}

// mailSettings is the mail server of a configuration file.
type mailSettings struct {
	Server     string `yaml:"server"`
	From       string `yaml:"from"`
	User       string `yaml:"user"`
	SecretFile string `yaml:"secret_file"` // beside this file
}

// wires reads what carries letters and reports. A wire that is named and can't
// be used is an error: it must not seem that there is one.
func (s settings) wires(clock func() time.Time) (w node.Wires, err error) {
	if clock == nil {
		clock = time.Now
	}
	gateway := func(name string, one wireSettings) *outbox.Gateway {
		if one == (wireSettings{}) || err != nil {
			return nil
		}
		if one.KeyFile == "" {
			err = fmt.Errorf("%w: %s: key_file is missing", errUsage, name)
			return nil
		}
		var key []byte
		if key, err = secretFile(beside(s.dir, one.KeyFile)); err == nil {
			var g outbox.Gateway
			if g, err = outbox.NewGateway(&http.Client{Timeout: 20 * time.Second}, one.URL, string(key), clock); err == nil {
				return &g
			}
		}
		err = fmt.Errorf("%w: %s: %w", errUsage, name, err)
		return nil
	}
	w.Texts, w.Reports = gateway("texts", s.Texts), gateway("reports", s.Reports)
	if s.Mail == (mailSettings{}) || err != nil {
		return w, err
	}
	var secret []byte
	if s.Mail.SecretFile != "" {
		secret, err = secretFile(beside(s.dir, s.Mail.SecretFile))
	}
	if err == nil {
		var m outbox.Mail
		if m, err = outbox.NewMail(s.Mail.Server, s.Mail.From, s.Mail.User, string(bytes.TrimSpace(secret)), clock); err == nil {
			w.Mail = &m
			return w, nil
		}
	}
	return w, fmt.Errorf("%w: mail: %w", errUsage, err)
}
