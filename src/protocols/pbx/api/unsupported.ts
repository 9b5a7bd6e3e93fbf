/**
 * Calls of the vendor's documents that this server does not play (S-Series API v1.1.0 and v2.0.0, "API Interfaces"). They get 10003 as
 * unknown ones do, but are known to need a token. The table is what documents and tests of the support are made from.
 */
export const unsupportedCalls: ReadonlySet<string> = new Set(
  Object.entries({
    companycontacts: ['query', 'add', 'update', 'delete'],
    extension: ['add', 'delete', 'playprompt', 'query_fwd', 'spy'],
    extensiongroup: ['query', 'add', 'update', 'delete'],
    trunk: ['query_siptrunk', 'add_siptrunk', 'update_siptrunk', 'delete_siptrunk'],
    siptrunk: ['query', 'add', 'update', 'delete'],
    gsmport: ['query', 'update'],
    inroute: ['query', 'add', 'update', 'delete'],
    inboundroute: ['query', 'add', 'update', 'delete'],
    outroute: ['query', 'add', 'update', 'delete'],
    outboundroute: ['query', 'add', 'update', 'delete'],
    ivr: ['query', 'add', 'update', 'delete'],
    ringgroup: ['query', 'add', 'update', 'delete'],
    queue: ['query', 'add', 'update', 'delete', 'query_status', 'agent_login', 'agent_logout', 'pause'],
    conference: ['query', 'add', 'update', 'delete'],
    paginggroup: ['query', 'add', 'update', 'delete'],
    voicemail: ['query', 'update'],
    prompt: ['query', 'upload', 'delete', 'play'],
    sms: ['send', 'query'],
    call: ['attended_transfer', 'attended_transfer_operate', 'listen', 'mute', 'play_prompt', 'unmute'],
    recording: ['query'],
    callrecording: ['start', 'stop', 'pause'],
    pinlist: ['query', 'add', 'update', 'delete'],
    uacstacall: ['accept_inbound', 'refuse_inbound', 'dial', 'hangup', 'hold', 'unhold'],
    system: ['reboot'],
  }).flatMap(([group, calls]) => calls.map((call) => `${group}/${call}`)),
);
