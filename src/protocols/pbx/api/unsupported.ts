/**
 * Calls of the vendor's documents that this server does not play (S-Series API v1.0, v1.1.0 and v2.0.0). They get 10003 as unknown ones do,
 * but are known to need a token. Documents and tests of the support are made from this table.
 */
const settings = ['query', 'add', 'update', 'delete'];

export const unsupportedGroups: Readonly<Record<string, readonly string[]>> = {
  companycontacts: settings,
  extension: ['barge', 'listen', 'mute', 'playprompt', 'query_fwd', 'spy', 'unmute', 'whisper'],
  extensiongroup: settings,
  trunk: ['add_siptrunk', 'update_siptrunk', 'delete_siptrunk'],
  siptrunk: ['add', 'update', 'delete'],
  gsmport: ['query', 'update'],
  inroute: ['add', 'update', 'delete'],
  inboundroute: settings,
  outroute: settings,
  outboundroute: settings,
  outbound: ['playprompt'],
  ivr: [...settings, 'dial_extension', 'dial_outbound'],
  ringgroup: [...settings, 'dial_outbound'],
  queue: [
    'add',
    'update',
    'delete',
    'add_dynamicagent',
    'del_dynamicagent',
    'agent_login',
    'agent_logout',
    'dial_outbound',
    'pause',
  ],
  conference: settings,
  paginggroup: settings,
  voicemail: ['query', 'update'],
  prompt: ['query', 'upload', 'delete', 'play'],
  sms: ['send', 'query'],
  call: ['listen', 'mute', 'play_prompt', 'unmute'],
  recording: ['query'],
  callrecording: ['start', 'stop', 'pause'],
  pinlist: settings,
  uacstacall: ['accept_inbound', 'refuse_inbound', 'dial', 'hangup', 'hold', 'unhold'],
  wakeupcall: settings,
  system: ['reboot'],
};

/** Their paths below the version prefix. */
export const unsupportedCalls: ReadonlySet<string> = new Set(
  Object.entries(unsupportedGroups).flatMap(([group, calls]) => calls.map((call) => `${group}/${call}`)),
);
