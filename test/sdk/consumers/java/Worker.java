import com.aliyun.openservices.log.common.FastLog;
import com.aliyun.openservices.log.common.FastLogGroup;
import com.aliyun.openservices.log.common.LogGroupData;
import com.aliyun.openservices.loghub.client.ClientWorker;
import com.aliyun.openservices.loghub.client.ILogHubCheckPointTracker;
import com.aliyun.openservices.loghub.client.config.LogHubConfig;
import com.aliyun.openservices.loghub.client.interfaces.ILogHubProcessor;
import java.util.List;

/**
 * A consumer made of the vendor's Java library, unmodified. Prints what it does, a line each: log <shard> <value>; saved
 * <shard>. Ends gracefully at SIGTERM.
 */
public class Worker {
  static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  static class Processor implements ILogHubProcessor {
    private int shard;

    @Override
    public void initialize(int shardId) {
      shard = shardId;
    }

    @Override
    public String process(List<LogGroupData> groups, ILogHubCheckPointTracker tracker) {
      for (LogGroupData data : groups) {
        FastLogGroup group = data.GetFastLogGroup();
        for (int at = 0; at < group.getLogsCount(); at++) {
          FastLog log = group.getLogs(at);
          say("log " + shard + " " + log.getContents(0).getValue());
        }
      }
      save(tracker);
      return null;
    }

    private void save(ILogHubCheckPointTracker tracker) {
      try {
        tracker.saveCheckPoint(true);
        say("saved " + shard);
      } catch (Exception error) {
        System.err.println(error);
      }
    }

    @Override
    public void shutdown(ILogHubCheckPointTracker tracker) {
      save(tracker);
    }
  }

  public static void main(String[] args) throws Exception {
    int seconds = Integer.parseInt(args[5]);
    LogHubConfig config =
        new LogHubConfig(
            args[3], args[4], "http://" + args[0], args[1], args[2],
            "mockAccessKeyID", "mockAccessKeySecret", LogHubConfig.ConsumePosition.BEGIN_CURSOR);
    config.setHeartBeatIntervalMillis(seconds * 1000L);
    // Longer than a consumer is silent whose server is killed: see `Candidate` in drills.ts.
    config.setTimeoutInSeconds(5 * seconds);
    config.setMaxFetchLogGroupSize(5);
    config.setFetchIntervalMillis(50);
    config.setConsumeInOrder("1".equals(System.getenv("SLS_IN_ORDER")));
    ClientWorker worker = new ClientWorker(Processor::new, config);
    Thread thread = new Thread(worker);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  worker.shutdown();
                  try {
                    // As the library's documentation has it: what is under way gets its time.
                    Thread.sleep(3_000);
                  } catch (InterruptedException ignored) {
                    // Then without.
                  }
                  say("stopped");
                }));
    thread.start();
    say("started");
    thread.join();
  }
}
