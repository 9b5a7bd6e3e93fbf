"""One request of a vendor's SDK over HTTPS, as its users write it: only environment variables say where the server is."""
import sys

kind, endpoint = sys.argv[1:]
if kind == "sls":
    from aliyun.log import LogClient

    client = LogClient("https://" + endpoint, "id", "secret")
    client.create_project("demo", "over TLS")
    print(client.list_project().get_count())
else:
    from pubnub.pnconfiguration import PNConfiguration
    from pubnub.pubnub import PubNub

    config = PNConfiguration()
    config.subscribe_key = "demo"
    config.uuid = "ann"
    if endpoint:
        config.origin = endpoint
    print(PubNub(config).time().sync().result)
