import com.aliyun.openservices.log.Client;
import com.aliyun.openservices.log.common.Consts;
import com.aliyun.openservices.log.common.LogItem;
import com.aliyun.openservices.log.common.LogStore;
import com.aliyun.openservices.log.http.client.ClientConfiguration;
import com.aliyun.openservices.log.request.PutLogsRequest;
import com.aliyun.openservices.log.response.PullLogsResponse;
import java.util.List;

/** The vendor's Java SDK, told of a proxy: makes a project and a logstore, puts a log and pulls it. Prints its value. */
public class Proxied {
  public static void main(String[] args) throws Exception {
    ClientConfiguration config = new ClientConfiguration();
    config.setProxyHost("127.0.0.1");
    config.setProxyPort(Integer.parseInt(args[0]));
    String endpoint = args[1].contains("://") ? args[1] : "http://" + args[1];
    Client client = new Client(endpoint, "mockAccessKeyID", "mockAccessKeySecret", config);
    client.CreateProject(args[2], "made by Java");
    LogStore logstore = new LogStore(args[3], 7, 1);
    client.CreateLogStore(args[2], logstore);
    LogItem item = new LogItem((int) (System.currentTimeMillis() / 1000));
    item.PushBack("key", "from Java");
    client.PutLogs(new PutLogsRequest(args[2], args[3], "topic", "source", List.of(item)));
    String cursor = client.GetCursor(args[2], args[3], 0, Consts.CursorMode.BEGIN).GetCursor();
    PullLogsResponse answer =
        client.pullLogs(
            new com.aliyun.openservices.log.request.PullLogsRequest(args[2], args[3], 0, 10, cursor));
    System.out.println(
        answer.getLogGroups().get(0).GetFastLogGroup().getLogs(0).getContents(0).getValue());
    client.shutdown();
  }
}
