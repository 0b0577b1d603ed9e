import { AppstoreOutlined } from '@kit/icons';
import { type CatalogEntry, listCatalog, listInstances } from '@client/providers';
import { EmptyState, QueryContent } from '@kit/feedback';
import { Page, Card } from '@kit/layout';
import { Badge, toneIcon } from '@kit/states';
import { humanize } from '@vocabulary';
import { useQuery } from '@tanstack/react-query';
import { Button, Drawer, Input, Segmented } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import './providers.css';

interface JsonSchema {
  required?: string[];
  properties?: Record<string, { title?: string; description?: string; type?: string; writeOnly?: boolean; format?: string }>;
}

/** The provider library. */
export default function LibraryPage() {
  const [search, setSearch] = useState('');
  const [category, setCategory] = useState('all');
  const [open, setOpen] = useState<CatalogEntry>();
  const catalog = useQuery({ queryKey: ['catalog'], queryFn: listCatalog });
  const instances = useQuery({ queryKey: ['provider-instances'], queryFn: listInstances });
  const categories = [...new Set((catalog.data ?? []).map((item) => item.category))];
  const installed = new Set((instances.data ?? []).map((instance) => instance.provider));
  return (
    <Page
      title="Provider library"
      description="Systems that OpenIOM can connect to."
      actions={
        <Input
          allowClear
          style={{ width: 240 }}
          placeholder="Find a provider"
          aria-label="Find a provider"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      }
    >
      {categories.length > 1 && (
        <div className="scroll-x">
          <Segmented
            value={category}
            onChange={setCategory}
            options={[{ value: 'all', label: 'All' }, ...categories.map((entry) => ({ value: entry, label: humanize(entry) }))]}
          />
        </div>
      )}
      <QueryContent query={catalog} rows={6}>
        {(items) => {
          const visibleEntries = items.filter(
            (candidate) =>
              (category === 'all' || candidate.category === category) &&
              `${candidate.title} ${candidate.description}`.toLowerCase().includes(search.trim().toLowerCase()),
          );
          if (visibleEntries.length === 0) {
            return (
              <Card>
                <EmptyState
                  icon={<AppstoreOutlined />}
                  title={items.length > 0 ? 'No matching providers' : 'The library is empty'}
                  action={
                    items.length > 0 ? (
                      <Button
                        onClick={() => {
                          setSearch('');
                          setCategory('all');
                        }}
                      >
                        Show all providers
                      </Button>
                    ) : (
                      <Link to="/providers">View installed providers</Link>
                    )
                  }
                >
                  Providers are Python packages with an <code>openiom.providers</code> entry point; install one and it appears here.
                </EmptyState>
              </Card>
            );
          }
          return (
            <div className="provider-grid">
              {visibleEntries.map((current) => (
                <button key={current.name} type="button" className="card catalog" onClick={() => setOpen(current)}>
                  <span className="row between">
                    <span className="strong catalog-title">{current.title}</span>
                    {installed.has(current.name) && (
                      <Badge tone="done" icon={toneIcon('done')}>
                        Installed
                      </Badge>
                    )}
                  </span>
                  <span className="muted">{humanize(current.category)}</span>
                  <span>{current.description}</span>
                </button>
              ))}
            </div>
          );
        }}
      </QueryContent>
      {open && <EntryDrawer entry={open} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}

function EntryDrawer({ entry, onClose }: { entry: CatalogEntry; onClose: () => void }) {
  const groups = [
    ['Imports', entry.messages],
    ['Actions', entry.actions],
    ['Required mappings', entry.mappings],
  ] as const;
  return (
    <Drawer open onClose={onClose} size={520} title={entry.title}>
      <div className="stack">
        <p>{entry.description}</p>
        {groups.map(
          ([title, parts]) =>
            parts.length > 0 && (
              <section key={title}>
                <h3 className="small muted">{title}</h3>
                <ul className="row">
                  {parts.map((part) => (
                    <li key={part.name}>
                      <Badge>{part.title || part.name}</Badge>
                    </li>
                  ))}
                </ul>
              </section>
            ),
        )}
        <Fields title="Connection settings" schema={entry.connection_schema} />
        <Fields title="Parameters" schema={entry.parameters_schema} />
        <section>
          <Link to={`/providers/new?provider=${encodeURIComponent(entry.name)}`}>Install {entry.title}</Link>
        </section>
      </div>
    </Drawer>
  );
}

function Fields({ title, schema }: { title: string; schema: JsonSchema }) {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return null;
  return (
    <section>
      <h3 className="small muted">{title}</h3>
      <ul className="stack" style={{ gap: 6 }}>
        {fields.map(([name, field]) => (
          <li key={name}>
            <span className="strong">{field.title ?? humanize(name)}</span>{' '}
            {schema.required?.includes(name) ? '' : <span className="muted">(optional)</span>}{' '}
            {(field.writeOnly ?? field.format === 'password') && <Badge>Secret</Badge>}
            {field.description && <div className="muted">{field.description}</div>}
          </li>
        ))}
      </ul>
    </section>
  );
}
