import { humanize } from '@vocabulary';
import type { Role } from '@client/administration';
import type { ProblemPart } from '@client/problem';
import { problemText } from '@kit/forms/fieldErrors';
import { inWords } from '@kit/permissions';

export const permissionAreas = (permissions: readonly string[]): string[] => [
  ...new Set(permissions.filter((permission) => permission !== '*').map((permission) => permission.split('.')[0] ?? '')),
];
export const areaLabel = (area: string): string => humanize(area);

export const roleTitle = (roles: readonly Role[], name: string): string =>
  roles.find((role) => role.name === name)?.title ?? humanize(name);
export const roleOptions = (roles: readonly Role[]) =>
  roles.map((role) => ({ value: role.name, label: role.grantable ? role.title : `${role.title} (more than your permissions)` }));

/** The problem of a field in plain words, of a refusal that concerns it. */
export function wordsAt(byField: Map<string, ProblemPart>, path: string, label: string): string | undefined {
  const part = byField.get(path);
  return part === undefined ? undefined : problemText(label, { what: inWords(part.what), remedy: part.remedy });
}
