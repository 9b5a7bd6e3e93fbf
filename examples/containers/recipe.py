"""A test's server in a container, with the package testcontainers."""

import os
import urllib.request

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

heartbeatd = (
    DockerContainer(os.environ.get("HEARTBEATD_IMAGE", "heartbeatd:latest"))
    .with_exposed_ports(8080)
    .with_env("OPERATOR_TOKEN", "secret")
    .with_env("LENIENT_FRAMING", "always")
    # PBX reports for callbacks on 127.0.0.1 go to this machine.
    .with_env("PBX_CALLBACK_HOSTS", "127.0.0.1=host.docker.internal")
    .with_kwargs(extra_hosts={"host.docker.internal": "host-gateway"})
    .waiting_for(HttpWaitStrategy(8080, "/readyz").for_status_code(200))
)

with heartbeatd:
    url = f"http://{heartbeatd.get_container_host_ip()}:{heartbeatd.get_exposed_port(8080)}"

    heartbeat = f"{url}/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=60"
    print(urllib.request.urlopen(heartbeat).read().decode())

    advance = urllib.request.Request(
        f"{url}/_heartbeatd/clock",
        data=b'{"tenant":"presence/demo","advance":"60s"}',
        headers={"authorization": "Bearer secret"},
    )
    print(urllib.request.urlopen(advance).read().decode())
