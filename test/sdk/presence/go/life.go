// Two users of the vendor's Go SDK live their whole life, and print what they receive and what their calls return.
package main

import (
	"net/http"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	pubnub "github.com/pubnub/go/v7"
)

var room = []string{"room"}
var received = make(chan string, 100)

func main() {
	ann, annEvents := client("ann")
	bob, bobEvents := client("bob")
	_, _, err := ann.AddChannelToChannelGroup().ChannelGroup("g").Channels([]string{"y", "x"}).Execute()
	check(err)
	listed, _, err := ann.ListChannelsInChannelGroup().ChannelGroup("g").Execute()
	check(err)
	fmt.Println("group", listed.Channels)
	connect(ann, annEvents, []string{"g"})
	go receive(annEvents)
	print(3)
	connect(bob, bobEvents, nil)
	go drain(bobEvents)
	print(1)

	_, _, err = bob.SetState().Channels(room).State(map[string]interface{}{"mood": "ök"}).Execute()
	check(err)
	print(1)
	state, _, err := ann.GetState().Channels(room).UUID("bob").Execute()
	check(err)
	fmt.Println("state", text(state.State))
	here, _, err := ann.HereNow().Channels(room).IncludeUUIDs(true).Execute()
	check(err)
	occupants := []string{}
	for _, occupant := range here.Channels[0].Occupants {
		occupants = append(occupants, occupant.UUID)
	}
	sort.Strings(occupants)
	fmt.Println("here", here.TotalOccupancy, occupants)
	where, _, err := ann.WhereNow().UUID("ann").Execute()
	check(err)
	sort.Strings(where.Channels)
	fmt.Println("where", where.Channels)

	_, _, err = bob.Publish().Channel("room").Message("hällo").CustomMessageType("greeting").Execute()
	check(err)
	_, _, err = bob.Publish().Channel("x").Message([]int{1, 2}).UsePost(true).Execute()
	check(err)
	bob.Unsubscribe().Channels(room).Execute()
	// The SDK hands over messages and events in no order.
	print(3)
	now, _, err := ann.Time().Execute()
	check(err)
	fmt.Println("time", len(fmt.Sprint(now.Timetoken)))
	_, _, err = ann.DeleteChannelGroup().ChannelGroup("g").Execute()
	check(err)
	_, refusal, err := ann.Fetch().Channels(room).Execute()
	fmt.Println("history", refusal.StatusCode, err != nil)
}

func client(userId string) (*pubnub.PubNub, *pubnub.Listener) {
	config := pubnub.NewConfigWithUserId(pubnub.UserId(userId))
	config.SubscribeKey = "sub-c-demo"
	config.PublishKey = "pub-c-demo"
	// "default": the vendor's origin over HTTPS, through the proxy in HTTPS_PROXY.
	if os.Args[1] != "default" {
		config.Origin = os.Args[1]
		config.Secure = false
	}
	made := pubnub.NewPubNub(config)
	if os.Args[1] == "default" {
		// The SDK's own clients take no proxy from the environment, Go's do.
		made.SetClient(&http.Client{})
		made.SetSubscribeClient(&http.Client{})
	}
	listener := pubnub.NewListener()
	made.AddListener(listener)
	return made, listener
}

// Subscribes to the room, and to groups, with presence. Returns once connected.
func connect(made *pubnub.PubNub, listener *pubnub.Listener, groups []string) {
	made.Subscribe().Channels(room).ChannelGroups(groups).WithPresence(true).Execute()
	status := <-listener.Status
	if status.Category != pubnub.PNConnectedCategory {
		panic(fmt.Sprint("not connected: ", status.Category))
	}
}

func receive(listener *pubnub.Listener) {
	for {
		select {
		case <-listener.Status:
		case event := <-listener.Presence:
			state := ""
			if event.State != nil {
				state = " " + text(event.State)
			}
			received <- fmt.Sprintf("%s %s on %s %d%s", event.Event, event.UUID, event.Channel, event.Occupancy, state)
		case message := <-listener.Message:
			received <- fmt.Sprintf("%s %s %s", message.Channel, text(message.Message), message.Publisher)
		}
	}
}

func drain(listener *pubnub.Listener) {
	for {
		select {
		case <-listener.Status:
		case <-listener.Presence:
		case <-listener.Message:
		}
	}
}

// Prints the next messages and events, sorted: those of several channels come in no order.
func print(count int) {
	lines := []string{}
	for len(lines) < count {
		select {
		case line := <-received:
			lines = append(lines, line)
		case <-time.After(20 * time.Second):
			panic(fmt.Sprint("received only ", lines))
		}
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}

func text(value interface{}) string {
	encoded, err := json.Marshal(value)
	check(err)
	return string(encoded)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
