package carrier

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// AskPath is where a device answers single questions of other devices.
const AskPath = "/ask"

// mostAsked bounds a question and its answer.
const mostAsked = 64 << 10

// answer answers one question of the device that the other side proved to be.
func (m *Manager) answer(w http.ResponseWriter, r *http.Request, key []byte) {
	if m.cfg.Answer == nil {
		http.Error(w, "no questions are answered here", http.StatusNotFound)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(10 * time.Second))
	question, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostAsked))
	if err != nil {
		http.Error(w, "the question did not arrive whole", http.StatusBadRequest)
		return
	}
	answer, err := m.cfg.Answer(r.Context(), key, question)
	if err != nil {
		m.cfg.Log.Warn("a question of another device is not answered", "err", err)
		http.Error(w, "not answered", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(answer) // who went away needs no answer
}

// Ask asks the devices that this one dials, one after another, until one
// answers. What is asked and answered is between the two: TLS with the keys on
// their device cards. trusted tells whose key the other side must prove to hold
// before anything is sent to it.
func (m *Manager) Ask(ctx context.Context, question []byte, trusted func(key []byte) bool) ([]byte, error) {
	err := errors.New("no other device is known by an address")
	for _, address := range m.cfg.Addresses {
		var answer []byte
		if answer, err = m.askOne(ctx, address, question, trusted); err == nil {
			return answer, nil
		}
	}
	return nil, err
}

func (m *Manager) askOne(ctx context.Context, address string, question []byte, trusted func([]byte) bool) ([]byte, error) {
	client := m.newClient()
	defer client.CloseIdleConnections()
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		return nil, errors.New("no transport")
	}
	transport.TLSClientConfig.VerifyConnection = func(s tls.ConnectionState) error {
		key, err := deviceKey(&s)
		if err == nil && !trusted(key) {
			err = errors.New("who listens there is no device that may be asked")
		}
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+address+AskPath, bytes.NewReader(question))
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the other side answers %s", response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, mostAsked))
}
