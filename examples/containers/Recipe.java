import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** A test's server in a container, with Testcontainers for Java. */
public class Recipe {
    public static void main(String[] arguments) throws Exception {
        var image = System.getenv().getOrDefault("HEARTBEATD_IMAGE", "heartbeatd:latest");
        try (var heartbeatd = new GenericContainer<>(DockerImageName.parse(image))
                .withExposedPorts(8080)
                .withEnv("OPERATOR_TOKEN", "secret")
                .withEnv("LENIENT_FRAMING", "always")
                // PBX reports for callbacks on 127.0.0.1 go to this machine.
                .withEnv("PBX_CALLBACK_HOSTS", "127.0.0.1=host.docker.internal")
                .withExtraHost("host.docker.internal", "host-gateway")
                .waitingFor(Wait.forHttp("/readyz").forPort(8080).forStatusCode(200))) {
            heartbeatd.start();
            var url = "http://" + heartbeatd.getHost() + ":" + heartbeatd.getMappedPort(8080);
            var http = HttpClient.newHttpClient();

            var heartbeat = url + "/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=60";
            System.out.println(http.send(HttpRequest.newBuilder(URI.create(heartbeat)).build(), BodyHandlers.ofString()).body());

            var advance = HttpRequest.newBuilder(URI.create(url + "/_heartbeatd/clock"))
                    .header("authorization", "Bearer secret")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"tenant\":\"presence/demo\",\"advance\":\"60s\"}"))
                    .build();
            System.out.println(http.send(advance, BodyHandlers.ofString()).body());
        }
    }
}
