/** Two users of the vendor's Kotlin SDK live their whole life, and print what they receive and what their calls return. */

import com.pubnub.api.PubNub
import com.pubnub.api.PubNubException
import com.pubnub.api.UserId
import com.pubnub.api.enums.PNStatusCategory
import com.pubnub.api.models.consumer.PNStatus
import com.pubnub.api.models.consumer.pubsub.PNMessageResult
import com.pubnub.api.models.consumer.pubsub.PNPresenceEventResult
import com.pubnub.api.v2.PNConfiguration
import com.pubnub.api.v2.callbacks.EventListener
import com.pubnub.api.v2.callbacks.StatusListener
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.system.exitProcess

val room = listOf("room")
val received = LinkedBlockingQueue<String>()

/** Exits by itself: the threads of a client would keep the process alive. */
fun main(args: Array<String>) {
    try {
        live(args[0])
        exitProcess(0)
    } catch (error: Exception) {
        error.printStackTrace()
        exitProcess(1)
    }
}

fun live(origin: String) {
    val ann = client("ann", origin)
    val bob = client("bob", origin)
    ann.addListener(
        object : EventListener {
            override fun presence(pubnub: PubNub, result: PNPresenceEventResult) {
                val state = result.state?.takeUnless { it.isJsonNull }?.let { " $it" } ?: ""
                received.add("${result.event} ${result.uuid} on ${result.channel} ${result.occupancy}$state")
            }

            override fun message(pubnub: PubNub, result: PNMessageResult) {
                received.add("${result.channel} ${result.message} ${result.publisher} ${result.customMessageType}")
            }
        },
    )
    ann.addChannelsToChannelGroup(channels = listOf("y", "x"), channelGroup = "g").sync()
    println("group ${ann.listChannelsForChannelGroup("g").sync().channels}")
    connect(ann, listOf("g"))
    print(3)
    connect(bob, emptyList())
    print(1)

    bob.setPresenceState(channels = room, state = mapOf("mood" to "ök")).sync()
    print(1)
    println("state ${ann.getPresenceState(channels = room, uuid = "bob").sync().stateByUUID}")
    val here = ann.hereNow(channels = room, includeUUIDs = true).sync()
    println("here ${here.totalOccupancy} ${here.channels["room"]?.occupants?.map { it.uuid }?.sorted()}")
    println("where ${ann.whereNow("ann").sync().channels.sorted()}")

    bob.publish(channel = "room", message = "hällo", customMessageType = "greeting").sync()
    bob.publish(channel = "x", message = listOf(1, 2), usePost = true).sync()
    print(2)
    bob.unsubscribe(channels = room)
    print(1)
    println("time ${ann.time().sync().timetoken.toString().length}")
    ann.deleteChannelGroup("g").sync()
    println("groups ${ann.listAllChannelGroups().sync().groups}")
    try {
        ann.fetchMessages(channels = room).sync()
    } catch (error: PubNubException) {
        println("history ${error.statusCode}")
    }
    ann.unsubscribeAll()
    ann.forceDestroy()
    bob.forceDestroy()
}

fun client(userId: String, origin: String): PubNub {
    val configuration = PNConfiguration.builder(UserId(userId), "sub-c-demo")
    configuration.publishKey = "pub-c-demo"
    configuration.origin = origin
    configuration.secure = false
    return PubNub.create(configuration.build())
}

/** Subscribes to the room, and to groups, with presence. Returns once connected. */
fun connect(client: PubNub, groups: List<String>) {
    val statuses = LinkedBlockingQueue<PNStatusCategory>()
    client.addListener(
        object : StatusListener {
            override fun status(pubnub: PubNub, status: PNStatus) {
                statuses.add(status.category)
            }
        },
    )
    client.subscribe(channels = room, channelGroups = groups, withPresence = true)
    val status = statuses.poll(20, TimeUnit.SECONDS)
    check(status == PNStatusCategory.PNConnectedCategory) { "not connected: $status" }
}

/** Prints the next messages and events, sorted: those of several channels come in no order. */
fun print(count: Int) {
    val lines = List(count) { checkNotNull(received.poll(20, TimeUnit.SECONDS)) { "received too little" } }
    lines.sorted().forEach(::println)
}
