"""An ordinary day with the vendor's Python client: prints one JSON object of what it saw."""
import json
import sys
import time

from aliyun.log import LogClient, LogException, LogItem, PutLogsRequest, GetLogsRequest, ListTopicsRequest, GetHistogramsRequest, IndexConfig

endpoint, project, logstore = sys.argv[1:4]
client = LogClient(endpoint, 'id', 'secret')
seen = {}


def code(call, *args, **more):
    try:
        call(*args, **more)
        return 'ok'
    except LogException as ex:
        return ex.get_error_code()


client.create_project(project, 'a day', data_redundancy_type='ZRS', resource_group_id='rg-1')
described = client.get_project(project)
seen['project'] = [described.get_description(), described.dataRedundancyType, described.resourceGroupId]
seen['listed'] = [p['projectName'] for p in client.list_project(project_name_pattern=project).get_projects()]
seen['updated'] = code(client.update_project, project, None)

client.create_logstore(project, logstore, ttl=60, shard_count=2, append_meta=True, hot_ttl=30, mode='query',
                       infrequent_access_ttl=30,
                       encrypt_conf={'enable': True, 'encrypt_type': 'default'}, enable_modify=True)
store = client.get_logstore(project, logstore)
seen['logstore'] = [store.mode, store.hot_ttl, store.encrypt_conf, store.append_meta, store.infrequent_access_ttl]
client.update_logstore(project, logstore, ttl=61, hot_ttl=31)
seen['changed'] = [client.get_logstore(project, logstore).ttl, client.get_logstore(project, logstore).hot_ttl]

end = client.get_end_cursor(project, logstore, 0).get_cursor()
seen['empty'] = abs(client.get_previous_cursor_time(project, logstore, 0, end).get_cursor_time() - time.time()) < 60
item = LogItem(timestamp=1700000000, contents=[('key', 'value')])
for shard_key in ('0' * 32, 'f' * 32):
    client.put_logs(PutLogsRequest(project, logstore, 'topic', 'source', [item], hashKey=shard_key, compress=True))
ends = [client.get_end_cursor(project, logstore, shard).get_cursor() for shard in (0, 1)]
seen['behind'] = [abs(client.get_previous_cursor_time(project, logstore, shard, ends[shard]).get_cursor_time() - time.time()) < 60
                  for shard in (0, 1)]
client.create_consumer_group(project, logstore, 'group', 60)
for shard in (0, 1):
    client.update_check_point(project, logstore, 'group', shard, ends[shard])
points = client.get_check_point_fixed(project, logstore, 'group')
points.check_checkpoint(client, project, logstore)
seen['lag'] = [abs(point['checkpoint_previous_cursor_time'] - time.time()) < 60
               for point in points.get_consumer_group_check_points()]
pulled = client.pull_logs(project, logstore, 0, client.get_begin_cursor(project, logstore, 0).get_cursor())
flat = pulled.get_flatten_logs_json()[0]
seen['pulled'] = [flat['key'], flat['__topic__'], sorted(k for k in flat if k.startswith('__tag__'))]

now = int(time.time())
seen['queries'] = [
    code(client.get_logs, GetLogsRequest(project, logstore, now - 60, now, query='*')),
    code(client.get_log, project, logstore, now - 60, now, query='*'),
    code(client.get_histograms, GetHistogramsRequest(project, logstore, now - 60, now)),
    code(client.list_topics, ListTopicsRequest(project, logstore, '', 10)),
    code(client.get_index_config, project, logstore),
]
seen['refused'] = [
    code(client.create_index, project, logstore, IndexConfig()),
    code(client.execute_logsql, project, 'select 1') if hasattr(client, 'execute_logsql') else 'ParameterInvalid',
    code(client.get_machine_group, project, 'none'),
]
seen['lists'] = [
    client.list_machine_group(project).get_machine_group_count(),
    client.list_logtail_config(project).get_configs_count(),
    client.list_savedsearch(project).get_count(),
    client.list_dashboard(project).get_count(),
    client.list_shipper(project, logstore).get_count(),
]
seen['copies'] = [
    code(client.copy_logstore, project, logstore, logstore + '-copy'),
    code(client.copy_logstore, project, logstore, logstore + '-copy'),
    code(client.copy_project, project, project + '-copy', copy_machine_group=True),
]
seen['copied'] = client.list_logstore(project + '-copy').get_logstores()
client.split_shard(project, logstore, 0, '20000000000000000000000000000000')
seen['shards'] = [[shard['shardID'], shard['status']] for shard in client.list_shards(project, logstore).get_shards_info()]
client.delete_logstore(project, logstore)
client.delete_project(project)
client.delete_project(project + '-copy')
seen['gone'] = code(client.get_project, project)
print(json.dumps(seen))
