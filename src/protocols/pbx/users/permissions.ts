/** What a user may be allowed to do: each query belongs to one permission, and so does receiving reports. */
export const permissions = ['reports', 'device', 'extensions', 'trunks', 'calls'] as const;
export type Permission = (typeof permissions)[number];
