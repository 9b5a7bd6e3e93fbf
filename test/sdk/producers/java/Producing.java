import com.aliyun.openservices.aliyun.log.producer.LogProducer;
import com.aliyun.openservices.aliyun.log.producer.ProducerConfig;
import com.aliyun.openservices.aliyun.log.producer.ProjectConfig;
import com.aliyun.openservices.log.common.LogItem;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * The vendor's Java producer, unmodified: sends numbered logs, some with a hash key, and prints a line for each that was accepted.
 * Arguments: endpoint, project, logstore, how many.
 */
public class Producing {
  public static void main(String[] args) throws Exception {
    int total = Integer.parseInt(args[3]);
    ProducerConfig config = new ProducerConfig();
    config.setLingerMs(100);
    config.setAdjustShardHash(false);
    config.setBatchCountThreshold(20);
    LogProducer producer = new LogProducer(config);
    producer.putProjectConfig(
        new ProjectConfig(args[1], args[0], "mockAccessKeyID", "mockAccessKeySecret"));
    CountDownLatch left = new CountDownLatch(total);
    for (int value = 0; value < total; value += 1) {
      LogItem item = new LogItem((int) (System.currentTimeMillis() / 1000));
      item.PushBack("value", String.valueOf(value));
      String hash = value % 2 == 0 ? null : String.format("%x%031d", value / 2 % 16, 0);
      String number = String.valueOf(value);
      producer.send(
          args[1],
          args[2],
          "topic",
          "source",
          hash,
          List.of(item),
          result -> {
            System.out.println(
                result.isSuccessful()
                    ? "sent " + number
                    : "failed " + number + " " + result.getErrorCode());
            left.countDown();
          });
      // The shards change under it: it has to last a while.
      if (value % 20 == 0) Thread.sleep(10);
    }
    left.await();
    producer.close();
  }
}
