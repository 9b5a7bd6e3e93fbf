// A consumer made of the vendor's Go library, unmodified. Prints what it does, a line each:
// log <shard> <value>; saved <shard>. Ends gracefully at SIGTERM.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	sls "github.com/aliyun/aliyun-log-go-sdk"
	consumer "github.com/aliyun/aliyun-log-go-sdk/consumer"
)

func process(shard int, groups *sls.LogGroupList, tracker consumer.CheckPointTracker) (string, error) {
	for _, group := range groups.LogGroups {
		for _, log := range group.Logs {
			os.Stdout.WriteString(fmt.Sprintf("log %d %s\n", shard, log.Contents[0].GetValue()))
		}
	}
	if err := tracker.SaveCheckPoint(true); err == nil {
		os.Stdout.WriteString(fmt.Sprintf("saved %d\n", shard))
	}
	return "", nil
}

func main() {
	seconds, _ := strconv.Atoi(os.Args[6])
	endpoint := os.Args[1]
	if !strings.Contains(endpoint, "://") {
		endpoint = "http://" + endpoint
	}
	option := consumer.LogHubConfig{
		Endpoint:                  endpoint,
		AccessKeyID:               "mockAccessKeyID",
		AccessKeySecret:           "mockAccessKeySecret",
		Project:                   os.Args[2],
		Logstore:                  os.Args[3],
		ConsumerGroupName:         os.Args[4],
		ConsumerName:              os.Args[5],
		CursorPosition:            consumer.BEGIN_CURSOR,
		HeartbeatIntervalInSecond: seconds,
		// Longer than a consumer is silent whose server is killed: see `Candidate` in drills.ts.
		HeartbeatTimeoutInSecond: 5 * seconds,
		MaxFetchLogGroupCount:    5,
		DataFetchIntervalInMs:    200,
		InOrder:                  os.Getenv("SLS_IN_ORDER") == "1",
		AllowLogLevel:            "error",
		LogFileName:              os.DevNull,
	}
	if os.Getenv("SLS_AUTH_VERSION") == "v4" {
		option.AuthVersion = sls.AuthV4
		option.Region = "cn-hangzhou"
	}
	worker := consumer.InitConsumerWorkerWithCheckpointTracker(option, process)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	worker.Start()
	os.Stdout.WriteString("started\n")
	<-signals
	worker.StopAndWait()
	os.Stdout.WriteString("stopped\n")
}
