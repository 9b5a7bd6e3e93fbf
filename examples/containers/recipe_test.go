// Package recipe starts a test's server in a container, with Testcontainers for Go.
package recipe

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

func TestHeartbeat(t *testing.T) {
	image := os.Getenv("HEARTBEATD_IMAGE")
	if image == "" {
		image = "heartbeatd:latest"
	}
	ctx := context.Background()
	heartbeatd, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		ContainerRequest: testcontainers.ContainerRequest{
			Image:        image,
			ExposedPorts: []string{"8080/tcp"},
			Env: map[string]string{
				"OPERATOR_TOKEN":  "secret",
				"LENIENT_FRAMING": "always",
				// PBX reports for callbacks on 127.0.0.1 go to this machine.
				"PBX_CALLBACK_HOSTS": "127.0.0.1=host.docker.internal",
			},
			HostConfigModifier: func(config *container.HostConfig) {
				config.ExtraHosts = []string{"host.docker.internal:host-gateway"}
			},
			WaitingFor: wait.ForHTTP("/readyz").WithPort("8080/tcp"),
		},
		Started: true,
	})
	testcontainers.CleanupContainer(t, heartbeatd)
	if err != nil {
		t.Fatal(err)
	}
	url, err := heartbeatd.Endpoint(ctx, "http")
	if err != nil {
		t.Fatal(err)
	}

	reply, err := http.Get(url + "/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=60")
	if err != nil || reply.StatusCode != http.StatusOK {
		t.Fatal(reply, err)
	}

	advance, _ := http.NewRequest("POST", url+"/_heartbeatd/clock", strings.NewReader(`{"tenant":"presence/demo","advance":"60s"}`))
	advance.Header.Set("authorization", "Bearer secret")
	moved, err := http.DefaultClient.Do(advance)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(moved.Body); !strings.Contains(string(body), `"lease.expired"`) {
		t.Fatal(string(body))
	}
}
