"""A client made of the vendor's Python SDK: reads commands from its input, a JSON list each, and prints what it is told."""

import json
import sys
import threading

from pubnub.callbacks import SubscribeCallback
from pubnub.pnconfiguration import PNConfiguration
from pubnub.pubnub import PubNub

lock = threading.Lock()


def say(*words):
    with lock:
        print(" ".join(str(word) for word in words), flush=True)


class Listener(SubscribeCallback):
    def status(self, pubnub, status):
        if status.is_error():
            say("failed", "loop", status.error_data.information if status.error_data else status.category)

    def presence(self, pubnub, presence):
        state = json.dumps(presence.state) if presence.state else ""
        say(presence.event, presence.uuid, "on", presence.channel, presence.occupancy, state, "at", presence.timetoken)

    def message(self, pubnub, message):
        say("message", json.dumps(message.message), "on", message.channel, "by", message.publisher)

    def signal(self, pubnub, signal):
        say("signal", json.dumps(signal.message), "on", signal.channel)


def occupants(channel):
    return sorted(occupant.uuid for occupant in channel.occupants)


def perform(client, command, *arguments):
    if command == "subscribe":
        channels, groups = arguments
        client.subscribe().channels(channels).channel_groups(groups).with_presence().execute()
    elif command == "unsubscribe":
        client.unsubscribe().channels(arguments[0]).execute()
    elif command == "publish":
        channel, message, by_post = arguments
        client.publish().channel(channel).message(message).use_post(by_post).sync()
    elif command == "signal":
        client.signal().channel(arguments[0]).message(arguments[1]).sync()
    elif command == "state":
        client.set_state().channels(arguments[0]).state(arguments[1]).sync()
    elif command == "add to group":
        client.add_channel_to_channel_group().channels(arguments[1]).channel_group(arguments[0]).sync()
    elif command == "here now":
        found = client.here_now().channels(arguments[0]).include_state(True).sync().result
        for channel in found.channels:
            say("here", channel.channel_name, channel.occupancy, ",".join(occupants(channel)))
    elif command == "where now":
        say("where", arguments[0], ",".join(sorted(client.where_now().uuid(arguments[0]).sync().result.channels)))
    elif command == "counts":
        counts = client.message_counts().channel(arguments[0]).channel_timetokens([arguments[1]]).sync().result
        say("counts", json.dumps(counts.channels))
    elif command == "time":
        say("time", int(client.time().sync().result))


def main():
    origin, uuid, secret = sys.argv[1:4]
    config = PNConfiguration()
    config.subscribe_key = "sub-c-demo"
    config.publish_key = "pub-c-demo"
    config.secret_key = secret or None
    config.uuid = uuid
    config.origin = origin
    config.ssl = False
    config.set_presence_timeout(20)
    client = PubNub(config)
    client.add_listener(Listener())
    for line in sys.stdin:
        command = json.loads(line)
        try:
            perform(client, *command)
        except Exception as error:
            say("failed", command[0], str(error).replace("\n", " "))
    client.stop()


main()
