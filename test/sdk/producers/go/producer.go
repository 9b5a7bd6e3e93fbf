// The vendor's Go producer, unmodified: sends numbered logs, some with a hash key, and prints a line for each that was accepted.
// Arguments: endpoint, project, logstore, how many.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	sls "github.com/aliyun/aliyun-log-go-sdk"
	"github.com/aliyun/aliyun-log-go-sdk/producer"
)

type report struct {
	value int
	done  chan<- string
}

func (r *report) Success(*producer.Result) {
	r.done <- fmt.Sprintf("sent %d", r.value)
}

func (r *report) Fail(result *producer.Result) {
	r.done <- fmt.Sprintf("failed %d %s", r.value, result.GetErrorCode())
}

func main() {
	total, _ := strconv.Atoi(os.Args[4])
	config := producer.GetDefaultProducerConfig()
	config.Endpoint = os.Args[1]
	config.CredentialsProvider = sls.NewStaticCredentialsProvider("mockAccessKeyID", "mockAccessKeySecret", "")
	config.LingerMs = 100
	config.AdjustShargHash = false
	config.MaxBatchCount = 20
	config.AllowLogLevel = "error"
	config.LogFileName = os.DevNull
	client, err := producer.NewProducer(config)
	if err != nil {
		panic(err)
	}
	client.Start()
	done := make(chan string, total)
	go func() {
		for value := 0; value < total; value++ {
			log := producer.GenerateLog(uint32(time.Now().Unix()), map[string]string{"value": strconv.Itoa(value)})
			callback := &report{value, done}
			if value%2 == 0 {
				err = client.SendLogWithCallBack(os.Args[2], os.Args[3], "topic", "source", log, callback)
			} else {
				hash := fmt.Sprintf("%x%031d", value/2%16, 0)
				err = client.HashSendLogWithCallBack(os.Args[2], os.Args[3], hash, "topic", "source", log, callback)
			}
			if err != nil {
				panic(err)
			}
			// The shards change under it: it has to last a while.
			if value%20 == 0 {
				time.Sleep(10 * time.Millisecond)
			}
		}
	}()
	for count := 0; count < total; count++ {
		fmt.Println(<-done)
	}
	client.SafeClose()
}
