// Logins at Vault's auth/jwt and auth/kubernetes on in-memory storage: questions as JSON lines on standard input,
// an answer for each on standard output. The clock stands still at the question's instant.
package vault

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/hashicorp/go-hclog"
	jwtauth "github.com/hashicorp/vault-plugin-auth-jwt"
	kubeauth "github.com/hashicorp/vault-plugin-auth-kubernetes"
	"github.com/hashicorp/vault/sdk/logical"
)

type question struct {
	Method        string                     `json:"method"`
	RoleName      string                     `json:"roleName"`
	Role          map[string]any             `json:"role"`
	Config        map[string]any             `json:"config"`
	Token         string                     `json:"token"`
	Now           int64                      `json:"now"`
	RemoteAddress string                     `json:"remoteAddress"`
	Keys          json.RawMessage            `json:"keys"`
	Review        *review                    `json:"review"`
	Namespaces    map[string]json.RawMessage `json:"namespaces"`
}

// What the API server answers to the reviewer.
type review struct {
	Code   int             `json:"code"`
	Status json.RawMessage `json:"status"`
}

type answer struct {
	Verdict  string            `json:"verdict"`
	Stored   bool              `json:"stored"`
	Status   int               `json:"status,omitempty"`
	Text     string            `json:"text,omitempty"`
	Alias    string            `json:"alias,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Groups   []string          `json:"groups,omitempty"`
}

func TestLogins(t *testing.T) {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var q question
			decoder := json.NewDecoder(bytes.NewReader(line))
			// As Vault's HTTP layer reads bodies.
			decoder.UseNumber()
			if err := decoder.Decode(&q); err != nil {
				t.Fatal(err)
			}
			if err := out.Encode(ask(t, q)); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			return
		}
	}
}

func ask(t *testing.T, q question) answer {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	storage := &logical.InmemStorage{}
	factory := jwtauth.Factory
	if q.Method == "kubernetes" {
		factory = kubeauth.Factory
	}
	backend, err := factory(ctx, &logical.BackendConfig{
		Logger:      hclog.NewNullLogger(),
		System:      &logical.StaticSystemView{DefaultLeaseTTLVal: 768 * time.Hour, MaxLeaseTTLVal: 768 * time.Hour},
		StorageView: storage,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Cleanup(ctx)
	world := apiServer{q}
	before := http.DefaultTransport
	http.DefaultTransport = world
	defer func() { http.DefaultTransport = before }()
	if q.Method == "kubernetes" {
		clientOf(backend).RegisterProtocol("podpass", world)
	}
	handle := func(operation logical.Operation, path string, data map[string]any) answer {
		request := &logical.Request{
			Operation: operation, Path: path, Data: data, Storage: storage,
			Connection: &logical.Connection{RemoteAddr: q.RemoteAddress},
		}
		return told(backend.HandleRequest(ctx, request))
	}
	if q.Role != nil {
		if a := handle(logical.CreateOperation, "role/"+q.RoleName, q.Role); a.Text != "" {
			return a
		}
	}
	if q.Config != nil {
		if a := handle(logical.UpdateOperation, "config", q.Config); a.Text != "" {
			return a
		}
	}
	if q.Token == "" {
		return answer{Verdict: "unknown", Stored: true}
	}
	var a answer
	// Only the login: goroutines that a backend starts for itself outlive it.
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(q.Now, 0)))
		a = handle(logical.UpdateOperation, "login", map[string]any{"role": q.RoleName, "jwt": q.Token})
	})
	a.Stored = true
	return a
}

// What a client of Vault is told.
func told(response *logical.Response, err error) answer {
	switch {
	case response != nil && response.IsError():
		return answer{Verdict: "deny", Status: 400, Text: response.Error().Error()}
	case err != nil:
		status := 500
		var coded logical.HTTPCodedError
		if errors.As(err, &coded) {
			status = coded.Code()
		} else if errors.Is(err, logical.ErrPermissionDenied) {
			status = 403
		} else if errors.Is(err, logical.ErrInvalidRequest) {
			status = 400
		}
		return answer{Verdict: "deny", Status: status, Text: err.Error()}
	case response == nil || response.Auth == nil:
		return answer{Verdict: "unknown"}
	}
	a := answer{Verdict: "allow", Alias: response.Auth.Alias.Name, Metadata: response.Auth.Alias.Metadata}
	for _, group := range response.Auth.GroupAliases {
		a.Groups = append(a.Groups, group.Name)
	}
	return a
}

// The transport of the backend's own HTTP client, which no interface gives out.
func clientOf(backend logical.Backend) *http.Transport {
	field := reflect.ValueOf(backend).Elem().FieldByName("httpClient")
	client := *(**http.Client)(unsafe.Pointer(field.UnsafeAddr()))
	return client.Transport.(*http.Transport)
}

// Issuer and API server: discovery, keys, TokenReview, namespaces.
type apiServer struct{ question }

func (s apiServer) RoundTrip(request *http.Request) (*http.Response, error) {
	reply := func(code int, body any) (*http.Response, error) {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		return &http.Response{
			StatusCode: code, Status: http.StatusText(code), Request: request,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text)),
		}, nil
	}
	path := request.URL.Path
	switch {
	case strings.HasSuffix(path, "/.well-known/openid-configuration"):
		issuer, _ := s.Config["oidc_discovery_url"].(string)
		return reply(200, map[string]string{"issuer": issuer, "jwks_uri": strings.TrimSuffix(issuer, "/") + "/jwks"})
	case strings.HasSuffix(path, "/tokenreviews") && s.Review != nil:
		if s.Review.Code != 0 {
			return reply(s.Review.Code, map[string]any{"kind": "Status", "status": "Failure", "code": s.Review.Code})
		}
		return reply(201, map[string]any{"kind": "TokenReview", "status": s.Review.Status})
	case strings.Contains(path, "/api/v1/namespaces/"):
		name := path[strings.LastIndex(path, "/")+1:]
		if labels, ok := s.Namespaces[name]; ok {
			return reply(200, map[string]any{"kind": "Namespace", "metadata": map[string]any{"name": name, "labels": labels}})
		}
		message := `namespaces "` + name + `" not found`
		return reply(404, map[string]any{"kind": "Status", "status": "Failure", "message": message, "reason": "NotFound", "code": 404})
	case len(s.Keys) > 0:
		return reply(200, s.Keys)
	}
	return reply(404, map[string]string{"error": path})
}
