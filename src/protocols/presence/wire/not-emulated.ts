/** Services of the vendor that are not emulated: their calls are refused by name, so that no client has to guess why. */

/** A service without operations. */
export interface NotEmulated {
  /** As the error names it. */
  readonly name: string;
  /** What the paths of its calls begin with. */
  readonly paths: readonly string[];
  /** What the SDKs call its functions. */
  readonly calls: readonly string[];
}

/** The table of services that are not emulated. The support page is made from it. */
export const notEmulated: readonly NotEmulated[] = [
  {
    name: 'History',
    paths: ['/v2/history/', '/v3/history/', '/v3/history-with-actions/'],
    calls: ['fetchMessages', 'history', 'deleteMessages'],
  },
  {
    name: 'Objects',
    paths: ['/v1/objects/', '/v2/objects/', '/v3/objects/'],
    calls: ['setUUIDMetadata', 'setChannelMetadata', 'setMemberships', 'setChannelMembers', '…'],
  },
  { name: 'Files', paths: ['/v1/files/'], calls: ['sendFile', 'listFiles', 'downloadFile', 'deleteFile'] },
  {
    name: 'Push',
    paths: ['/v1/push/', '/v2/push/'],
    calls: ['push.addChannels', 'push.listChannels', 'push.removeChannels', 'push.deleteDevice'],
  },
  {
    name: 'Message actions',
    paths: ['/v1/message-actions/'],
    calls: ['addMessageAction', 'getMessageActions', 'removeMessageAction'],
  },
  { name: 'Functions', paths: ['/v1/blocks/'], calls: ['HTTP endpoints of functions'] },
  {
    name: 'This call of the Access Manager',
    paths: ['/v1/auth/', '/v2/auth/', '/v3/auth/', '/v2/pam/', '/v3/pam/'],
    calls: ['audit'],
  },
];

/** Returns the service that a path belongs to; undefined for any other path. */
export function notEmulatedAt(path: string): NotEmulated | undefined {
  return notEmulated.find(({ paths }) => paths.some((prefix) => path.startsWith(prefix)));
}
