package carrier

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Path is where a device takes links in.
const Path = "/replicate"

// Handler takes links in that other devices dial. It belongs behind a listener
// with mutual TLS: see Serve.
func (m *Manager) Handler(ctx context.Context) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, err := deviceKey(r.TLS)
		if err == nil && r.Method == http.MethodPost && r.URL.Path == AskPath {
			m.answer(w, r, key)
			return
		}
		if err != nil || r.Method != http.MethodPost || r.URL.Path != Path || r.ProtoMajor != 2 {
			http.Error(w, "devices only", http.StatusForbidden)
			return
		}
		control := http.NewResponseController(w)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.WriteHeader(http.StatusOK)
		if control.Flush() != nil {
			return
		}
		linkCtx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		_ = m.serve(linkCtx, stream{ // how it ended is logged there
			in: r.Body, out: w, flush: control.Flush, key: key,
			close: func() {
				_ = r.Body.Close()
				past := time.Unix(1, 0)
				_, _ = control.SetReadDeadline(past), control.SetWriteDeadline(past)
			},
		})
	})
}

// Serve takes links in on a listener until the context ends.
func (m *Manager) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: m.Handler(ctx), TLSConfig: tlsConfig(m.cert), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(m.cfg.Log.Handler(), slog.LevelDebug), MaxHeaderBytes: 8 << 10,
		HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 4 << 20, MaxReceiveBufferPerConnection: 4 << 20},
	}
	stop := context.AfterFunc(ctx, func() {
		wait, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if server.Shutdown(wait) != nil {
			_ = server.Close()
		}
	})
	defer stop()
	err := server.ServeTLS(l, "", "")
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// newDialer dials without a proxy, and looks names up in this machine's hosts
// file only.
func newDialer() *net.Dialer {
	noServer := func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server is asked: give an IP address, or put the name into the hosts file")
	}
	return &net.Dialer{Timeout: 5 * time.Second, Resolver: &net.Resolver{PreferGo: true, Dial: noServer}}
}

func (m *Manager) newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: newDialer().DialContext, TLSClientConfig: tlsConfig(m.cert), ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 10 * time.Second, IdleConnTimeout: 10 * time.Second,
		HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 4 << 20},
	}}
}

// keepDialling keeps one address linked. The pause between attempts doubles up
// to the longest, and is spread by chance.
func (m *Manager) keepDialling(ctx context.Context, address string) {
	pause := m.cfg.Retry
	for ctx.Err() == nil {
		began := m.cfg.Clock()
		err := m.dial(ctx, address)
		if ctx.Err() != nil {
			return
		}
		m.note(address, err)
		if m.cfg.Clock().Sub(began) > m.cfg.Longest {
			pause = m.cfg.Retry
		}
		wait := time.NewTimer(m.spread(pause))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
		pause = min(2*pause, m.cfg.Longest)
	}
}

// note keeps why an address is not linked, unless its device is, by the link
// that it dialled itself.
func (m *Manager) note(address string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if errors.Is(err, errTwice) {
		delete(m.trouble, address)
		return
	}
	why := "the link ended"
	if err != nil {
		why = err.Error()
	}
	m.trouble[address] = why
}

// spread gives something between half and one and a half of a pause.
func (m *Manager) spread(pause time.Duration) time.Duration {
	var b [2]byte
	m.random.Lock()
	_, err := io.ReadFull(m.cfg.Random, b[:])
	m.random.Unlock()
	if err != nil {
		return pause
	}
	return pause/2 + pause*time.Duration(binary.BigEndian.Uint16(b[:]))/(1<<16)
}

// dial opens one link and runs it until it ends.
func (m *Manager) dial(ctx context.Context, address string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body, out := io.Pipe()
	defer out.Close()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+address+Path, body)
	if err != nil {
		return err
	}
	response, err := m.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	key, err := deviceKey(response.TLS)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the other side answers %s", response.Status)
	}
	return m.serve(ctx, stream{
		in: response.Body, out: out, flush: func() error { return nil }, key: key, address: address,
		close: func() {
			_ = out.Close()
			cancel()
		},
	})
}
