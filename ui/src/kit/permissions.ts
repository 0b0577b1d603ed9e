const verbs: Record<string, string> = { read: 'see', write: 'change' };

/** A permission in words: "change orders" for the permission to write orders. */
export function permissionLabel(permission: string): string {
  if (permission === '*') return 'everything';
  const [area = '', verb = ''] = permission.split('.');
  return `${verbs[verb] ?? verb} ${area.replaceAll('_', ' ')}`;
}

/** A text without the names that permissions have in the API. */
export const inWords = (text: string): string =>
  text.replaceAll(/\b[a-z_]+\.(?:read|write)\b/g, permissionLabel).replace(/\*$/, 'everything');
