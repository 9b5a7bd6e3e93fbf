/** Two users of the vendor's Java SDK live their whole life, and print what they receive and what their calls return. */

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.pubnub.api.PubNubException;
import com.pubnub.api.UserId;
import com.pubnub.api.enums.PNStatusCategory;
import com.pubnub.api.java.PubNub;
import com.pubnub.api.java.v2.PNConfiguration;
import com.pubnub.api.java.v2.callbacks.EventListener;
import com.pubnub.api.java.v2.callbacks.StatusListener;
import com.pubnub.api.models.consumer.PNStatus;
import com.pubnub.api.models.consumer.pubsub.PNMessageResult;
import com.pubnub.api.models.consumer.pubsub.PNPresenceEventResult;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public class JavaLife {
    static final List<String> room = List.of("room");
    static final BlockingQueue<String> received = new LinkedBlockingQueue<>();

    /** Exits by itself: the threads of a client would keep the process alive. */
    public static void main(String[] args) {
        try {
            live(args[0]);
            System.exit(0);
        } catch (Exception error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    static void live(String origin) throws Exception {
        PubNub ann = client("ann", origin);
        PubNub bob = client("bob", origin);
        ann.addListener(new EventListener() {
            @Override
            public void presence(PubNub client, PNPresenceEventResult event) {
                JsonElement state = event.getState();
                String told = state == null || state.isJsonNull() ? "" : " " + state;
                received.add(event.getEvent() + " " + event.getUuid() + " on " + event.getChannel() + " " + event.getOccupancy() + told);
            }

            @Override
            public void message(PubNub client, PNMessageResult message) {
                String type = message.getCustomMessageType();
                received.add(message.getChannel() + " " + message.getMessage() + " " + message.getPublisher() + " " + type);
            }
        });
        ann.addChannelsToChannelGroup().channelGroup("g").channels(List.of("y", "x")).sync();
        System.out.println("group " + ann.listChannelsForChannelGroup().channelGroup("g").sync().getChannels());
        connect(ann, List.of("g"));
        print(3);
        connect(bob, List.of());
        print(1);

        JsonObject state = new JsonObject();
        state.addProperty("mood", "ök");
        bob.setPresenceState().channels(room).state(state).sync();
        print(1);
        System.out.println("state " + ann.getPresenceState().channels(room).uuid("bob").sync().getStateByUUID());
        var here = ann.hereNow().channels(room).includeUUIDs(true).sync();
        TreeSet<String> occupants = new TreeSet<>();
        here.getChannels().get("room").getOccupants().forEach(occupant -> occupants.add(occupant.getUuid()));
        System.out.println("here " + here.getTotalOccupancy() + " " + occupants);
        System.out.println("where " + new TreeSet<>(ann.whereNow().uuid("ann").sync().getChannels()));

        bob.publish().channel("room").message("hällo").customMessageType("greeting").sync();
        bob.publish().channel("x").message(List.of(1, 2)).usePOST(true).sync();
        print(2);
        bob.unsubscribe().channels(room).execute();
        print(1);
        System.out.println("time " + String.valueOf(ann.time().sync().getTimetoken()).length());
        ann.deleteChannelGroup().channelGroup("g").sync();
        System.out.println("groups " + ann.listAllChannelGroups().sync().getGroups());
        try {
            ann.fetchMessages().channels(room).sync();
        } catch (PubNubException error) {
            System.out.println("history " + error.getStatusCode());
        }
        ann.unsubscribeAll();
        ann.forceDestroy();
        bob.forceDestroy();
    }

    static PubNub client(String userId, String origin) throws PubNubException {
        PNConfiguration.Builder configuration = PNConfiguration.builder(new UserId(userId), "sub-c-demo");
        configuration.publishKey("pub-c-demo");
        // "default": the vendor's origin over HTTPS, through the proxy of the system properties.
        if (!origin.equals("default")) configuration.origin(origin).secure(false);
        return PubNub.create(configuration.build());
    }

    /** Subscribes to the room, and to groups, with presence. Returns once connected. */
    static void connect(PubNub client, List<String> groups) throws InterruptedException {
        BlockingQueue<PNStatusCategory> statuses = new LinkedBlockingQueue<>();
        client.addListener(new StatusListener() {
            @Override
            public void status(PubNub pubnub, PNStatus status) {
                statuses.add(status.getCategory());
            }
        });
        client.subscribe().channels(room).channelGroups(groups).withPresence().execute();
        PNStatusCategory status = statuses.poll(20, TimeUnit.SECONDS);
        if (status != PNStatusCategory.PNConnectedCategory) throw new IllegalStateException("not connected: " + status);
    }

    /** Prints the next messages and events, sorted: those of several channels come in no order. */
    static void print(int count) throws InterruptedException {
        TreeSet<String> lines = new TreeSet<>();
        while (lines.size() < count) {
            String next = received.poll(20, TimeUnit.SECONDS);
            if (next == null) throw new IllegalStateException("received only " + lines);
            lines.add(next);
        }
        lines.forEach(System.out::println);
    }
}
