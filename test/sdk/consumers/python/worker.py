"""A consumer made of the vendor's Python library, unmodified. Prints what it does, a line each:
log <shard> <value>; saved <shard>. Ends gracefully at SIGTERM."""
import os
import signal
import sys
import threading

endpoint, project, logstore, group, consumer, heartbeat_seconds = sys.argv[1:7]

from aliyun.log.consumer import *  # noqa: E402,F403


def say(*words):
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


class Processor(ConsumerProcessorBase):
    def process(self, log_groups, check_point_tracker):
        for group in log_groups.LogGroups:
            for log in group.Logs:
                say("log", self.shard_id, log.Contents[0].Value)
        self.save_checkpoint(check_point_tracker, True)
        say("saved", self.shard_id)


option = LogHubConfig(
    endpoint,
    "mockAccessKeyID",
    "mockAccessKeySecret",
    project,
    logstore,
    group,
    consumer,
    cursor_position=CursorPosition.BEGIN_CURSOR,
    heartbeat_interval=int(heartbeat_seconds),
    data_fetch_interval=0.2,
    max_fetch_log_group_size=5,
    auth_version=os.environ.get("SLS_AUTH_VERSION", "v1"),
    region="cn-hangzhou",
    in_order=os.environ.get("SLS_IN_ORDER") == "1",
)
worker = ConsumerWorker(Processor, consumer_option=option)
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
worker.start()
say("started")
while not stop.wait(0.1):
    pass
worker.shutdown()
worker.join()
say("stopped")
