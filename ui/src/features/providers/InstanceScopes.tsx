import type { ProviderInstance } from '@client/providers';
import { Badge } from '@kit/states';

/** What an instance may do at its provider, and what it may not although it needs to. */
export function InstanceScopes({ instance }: { instance: ProviderInstance }) {
  if (instance.scopes.length + instance.missing_scopes.length === 0) return null;
  return (
    <div className="row scopes" aria-label="Scopes">
      {instance.missing_scopes.map((scope) => (
        <Badge key={scope} tone="failed">
          Missing: {scope}
        </Badge>
      ))}
      {instance.scopes.map((scope) => (
        <Badge key={scope}>{scope}</Badge>
      ))}
    </div>
  );
}
