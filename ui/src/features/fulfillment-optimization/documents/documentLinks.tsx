import type { Source } from '@client/inventory';
import { Link } from 'react-router';
import { asText } from '@kit/forms/fields';

/** Links to the sources that use a calendar or schedule. */
export function SourcesUsing({ sources, setting, name }: { sources: Source[] | undefined; setting: string; name: string }) {
  const usingSources = (sources ?? []).filter((source) => asText(source.settings[setting]) === name);
  if (usingSources.length === 0) return <span className="muted">None</span>;
  const visibleSources = usingSources.slice(0, 4);
  return (
    <span className="clamp">
      {visibleSources.map((item, index) => (
        <span key={item.name}>
          {index > 0 && ', '}
          <Link to={`/sources?open=${encodeURIComponent(item.name)}`}>{item.name}</Link>
        </span>
      ))}
      {usingSources.length > visibleSources.length && (
        <span className="muted"> and {usingSources.length - visibleSources.length} more</span>
      )}
    </span>
  );
}

/** A link to a document's page. */
export function DocumentLink({ page, name }: { page: string; name: string }) {
  return <Link to={`${page}?open=${encodeURIComponent(name)}`}>{name}</Link>;
}
