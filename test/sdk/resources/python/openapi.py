"""The vendor's OpenAPI client for Python (2020-12-30), unmodified: provisions, writes, consumes and clears. Prints what it saw as JSON.

Arguments: endpoint, proxy, signature version, project.
"""

import json
import sys
from urllib.request import urlopen

from alibabacloud_sls20201230 import models
from alibabacloud_sls20201230.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions

endpoint, proxy, version, project = sys.argv[1:5]
client = Client(
    Config(
        access_key_id="mockAccessKeyID",
        access_key_secret="mockAccessKeySecret",
        endpoint=endpoint,
        region_id="cn-hangzhou",
        protocol="HTTP",
        http_proxy=proxy,
        signature_version=version,
    )
)
store, group = "store", "group"


def refusal(call, *arguments):
    try:
        call(*arguments)
    except Exception as error:  # noqa: BLE001: whatever the client makes of a refusal
        return error.code
    return "done"


seen = {}
client.create_project(
    models.CreateProjectRequest(
        project_name=project, description="d", data_redundancy_type="ZRS", recycle_bin_enabled=True
    )
)
client.update_project(project, models.UpdateProjectRequest(description="changed"))
client.put_project_transfer_acceleration(
    project, models.PutProjectTransferAccelerationRequest(enabled=True)
)
client.change_resource_group(
    project,
    models.ChangeResourceGroupRequest(
        resource_id=project, resource_type="PROJECT", resource_group_id="rg-1"
    ),
)
found = client.get_project(project, models.GetProjectRequest()).body
seen["project"] = [
    found.project_name,
    found.description,
    found.data_redundancy_type,
    found.recycle_bin_enabled,
    found.resource_group_id,
    found.internet_endpoint,
    found.quota is not None,
]
listed = client.list_project(models.ListProjectRequest(project_name=project, fetch_quota=True)).body
seen["listed"] = [listed.total, listed.projects[0].project_name, listed.projects[0].quota is not None]

client.tag_resources(
    models.TagResourcesRequest(
        resource_type="project",
        resource_id=[project],
        tags=[models.TagResourcesRequestTags(key="k", value="v")],
    ),
)
tags = client.list_tag_resources(
    models.ListTagResourcesRequest(resource_type="project", resource_id=[project])
).body.tag_resources
seen["tags"] = [[tag.tag_key, tag.tag_value] for tag in tags]
client.untag_resources(
    models.UntagResourcesRequest(resource_type="project", resource_id=[project], tags=["k"]),
)

client.create_log_store(
    project,
    models.CreateLogStoreRequest(
        logstore_name=store,
        shard_count=2,
        ttl=120,
        hot_ttl=30,
        infrequent_access_ttl=30,
        mode="query",
        append_meta=True,
        enable_tracking=True,
        sharding_policy=models.ShardingPolicy(
            shard_hash=models.ShardingPolicyShardHash(keys=["k"], max_hash_count=2)
        ),
    ),
)
client.update_log_store(
    project, store, models.UpdateLogStoreRequest(logstore_name=store, ttl=121, auto_split=True, max_split_shard=8)
)
client.update_log_store_encryption(
    project, store, models.UpdateLogStoreEncryptionRequest(enable=True, encrypt_type="default")
)
client.update_log_store_metering_mode(
    project, store, models.UpdateLogStoreMeteringModeRequest(metering_mode="ChargeByFunction")
)
logstore = client.get_log_store(project, store).body
seen["logstore"] = [
    logstore.mode,
    logstore.ttl,
    logstore.hot_ttl,
    logstore.infrequent_access_ttl,
    logstore.auto_split,
    logstore.encrypt_conf.encrypt_type,
    logstore.sharding_policy.shard_hash.keys,
    client.get_log_store_metering_mode(project, store).body.metering_mode,
]
seen["logstores"] = client.list_log_stores(
    project, models.ListLogStoresRequest(mode="query")
).body.logstores

client.split_shard(project, store, 0, models.SplitShardRequest(shard_count=2))
client.merge_shard(project, store, 2)
shards = client.list_shards(project, store).body
seen["shards"] = [[shard.shard_id, shard.status] for shard in shards]

client.create_consumer_group(
    project, store, models.CreateConsumerGroupRequest(consumer_group=group, timeout=60, order=False)
)
client.update_consumer_group(
    project, store, group, models.UpdateConsumerGroupRequest(timeout=30, order=False)
)
groups = client.list_consumer_group(project, store).body
seen["groups"] = [[one.name, one.timeout, one.order] for one in groups]
first = client.consumer_group_heart_beat(
    project, store, group, models.ConsumerGroupHeartBeatRequest(consumer="c", body=[])
).body
seen["held"] = client.consumer_group_heart_beat(
    project, store, group, models.ConsumerGroupHeartBeatRequest(consumer="c", body=first)
).body
cursor = client.get_cursor(project, store, "1", models.GetCursorRequest(from_="end")).body.cursor
client.consumer_group_update_check_point(
    project,
    store,
    group,
    models.ConsumerGroupUpdateCheckPointRequest(
        consumer="c", force_success=True, shard=1, checkpoint=cursor
    ),
)
saved = client.get_check_point(project, store, group, models.GetCheckPointRequest(shard=1)).body
seen["saved"] = [[one.shard, one.checkpoint == cursor, one.consumer, one.update_time > 0] for one in saved]
seen["time"] = (
    client.get_cursor_time(project, store, "1", models.GetCursorTimeRequest(cursor=cursor)).body.cursor_time
    is not None
)
for compression in ("lz4", "zstd", "deflate", None):
    log = models.LogItem(
        time=1700000000, contents=[models.LogContent(key="k", value=str(compression))]
    )
    client.put_logs_with_options(
        project,
        store,
        models.PutLogsRequest(body=models.LogGroup(topic="t", source="s", log_items=[log])),
        models.PutLogsHeaders(x_log_compresstype=compression),
        RuntimeOptions(),
    )
with urlopen(f"{proxy}/_heartbeatd/sls/logs?project={project}&logstore={store}") as reply:
    seen["written"] = sorted(log["contents"]["k"] for log in json.load(reply)["logs"])
client.put_webtracking(
    project, store, models.PutWebtrackingRequest(logs=[{"a": "b"}], source="s", topic="t")
)

seen["refused"] = [
    refusal(client.get_logs, project, store, models.GetLogsRequest(from_=1, to=2)),
    refusal(client.get_index, project, store),
    refusal(client.get_logging, project),
    refusal(client.get_project, project + "-other", models.GetProjectRequest()),
]
machine_groups = client.list_machine_group(project, models.ListMachineGroupRequest()).body
seen["empty"] = [machine_groups.total, machine_groups.machinegroups]

client.delete_consumer_group(project, store, group)
client.delete_log_store(project, store)
client.delete_project(project, models.DeleteProjectRequest())
seen["gone"] = refusal(client.get_project, project, models.GetProjectRequest())
print(json.dumps(seen))
