package pds

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// SignedJWT gets tokens for this application by a JWT that it signs itself
// (application-restricted RESTful APIs, signed JWT authentication, NHS England
// API platform; RFC 7523 in shape): RS512, good for five minutes, used once.
// The private key never leaves the process.
type SignedJWT struct {
	URL    string // "https://api.service.nhs.uk/oauth2/token"
	APIKey string // the application's key, which is issuer and subject
	KeyID  string // of the public key as it was registered
	Key    *rsa.PrivateKey
	HTTP   *http.Client
	Now    func() time.Time

	mu    sync.Mutex
	token string
	until time.Time
}

var _ Token = (*SignedJWT)(nil)

// The lifetime of an assertion, and how long before its end a token is renewed.
const (
	assertionLasts = 5 * time.Minute
	renewBefore    = 30 * time.Second
)

// Bearer gives the token that is good, or gets another; only one is got at a time.
func (s *SignedJWT) Bearer(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	if s.token != "" && now.Before(s.until) {
		return s.token, nil
	}
	signed, err := s.assertion(now)
	if err != nil {
		return "", err
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {signed},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("%w: the address for tokens cannot be used", ErrAway)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.HTTP.Do(req)
	if err != nil {
		return "", fmt.Errorf("%w: %s", ErrAway, why(err))
	}
	defer func() { _ = res.Body.Close() }()
	return s.take(res, now)
}

func (s *SignedJWT) take(res *http.Response, now time.Time) (string, error) {
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	switch {
	case err != nil || res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
		return "", fmt.Errorf("%w: no token, it answers %d", ErrAway, res.StatusCode)
	case res.StatusCode != http.StatusOK:
		return "", &Refused{Code: "ACCESS_DENIED", Says: sentence(http.StatusUnauthorized, "ACCESS_DENIED")}
	}
	var got struct {
		Token   string `json:"access_token"`
		Expires any    `json:"expires_in"` // the platform gives text, the standard a number
	}
	if err := json.Unmarshal(body, &got); err != nil || got.Token == "" {
		return "", fmt.Errorf("%w: its token cannot be read", ErrAway)
	}
	seconds, err := strconv.ParseFloat(fmt.Sprint(got.Expires), 64)
	if err != nil || seconds <= 0 || seconds > 3600 {
		seconds = 300
	}
	s.token, s.until = got.Token, now.Add(time.Duration(seconds)*time.Second-renewBefore)
	return s.token, nil
}

// Drop forgets a token that was refused.
func (s *SignedJWT) Drop(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == token {
		s.token = ""
	}
}

// assertion makes the signed JWT.
func (s *SignedJWT) assertion(now time.Time) (string, error) {
	id, err := uuid()
	if err != nil {
		return "", err
	}
	head, err := json.Marshal(map[string]string{"alg": "RS512", "typ": "JWT", "kid": s.KeyID})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": s.APIKey, "sub": s.APIKey, "aud": s.URL, "jti": id, "exp": now.Add(assertionLasts).Unix(),
	})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha512.Sum512([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.Key, crypto.SHA512, sum[:])
	if err != nil {
		return "", err
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig), nil
}

// ReadKey reads an RSA private key in PEM, of at least 4096 bits as the platform
// asks for.
func ReadKey(raw []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("the key for the national index is not in PEM")
	}
	k, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("the key for the national index is no private key")
		}
		rsaKey, ok := any.(*rsa.PrivateKey)
		if !ok {
			return nil, errors.New("the key for the national index is no RSA key")
		}
		k = rsaKey
	}
	if k.N.BitLen() < 4096 {
		return nil, fmt.Errorf("the key for the national index has %d bits; it needs 4096", k.N.BitLen())
	}
	return k, nil
}
