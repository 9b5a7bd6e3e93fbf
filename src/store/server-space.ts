/** Space of the tenants in which a server keeps what its nodes share. They hold nothing of any client, and `tenants` does not return them. */
export const serverSpace = 'heartbeatd/';
